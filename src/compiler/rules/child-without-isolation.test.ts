import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { check, report, textOf } from '../../testing/rule.ts';
import { SOC, soc } from '../../testing/soc.ts';
import { childWithoutIsolationRule as rule } from './child-without-isolation.ts';

const machine = (group: number | null, iommus?: readonly number[]) =>
  host()
    .smmuV3()
    .tree(
      soc({
        'mfd@30000': {
          compatible: ['x,mfd', 'simple-mfd'],
          '#address-cells': 1,
          '#size-cells': 1,
          ranges: true,
          reg: [0x3_0000, 0x1000],
          iommus: [SOC.smmuV3, 7],
          'dma@31000': { compatible: 'x,dma', reg: [0x3_1000, 0x1000], ...(iommus ? { iommus } : {}) },
        },
      }),
    )
    .platform('30000.mfd', { treePath: '/soc/mfd@30000' })
    .platform('31000.dma', { treePath: '/soc/mfd@30000/dma@31000', group });
const vms = { a: { devices: { x: '30000.mfd' } } };

test('R-TREE-1: fires for an included child device without stream ids, and says that those above do not count', () => {
  expect(report(rule, vms, machine(null))).toEqual(['error child-without-isolation at vms/a/devices/x']);
  expect(textOf(check(rule, vms, machine(null)))).toContain('those of 30000.mfd do not count');
});

test('R-TREE-1: fires where the tree has ids and Linux no group', () => {
  expect(textOf(check(rule, vms, machine(null, [SOC.smmuV3, 8])))).toContain('has not put it into a group');
});

test('R-TREE-1: stays silent for a child with a group, an excluded one, one with an entry of its own, and without IOMMU', () => {
  expect(report(rule, vms, machine(41, [SOC.smmuV3, 8]))).toEqual([]);
  const without = { a: { devices: { x: { platform: '30000.mfd', children: { exclude: ['dma'] } } } } };
  expect(report(rule, without, machine(null))).toEqual([]);
  expect(report(rule, { a: { devices: { x: '30000.mfd', y: '31000.dma' } } }, machine(null))).toEqual([]);
  expect(report(rule, { a: { iommu: 'noiommu' as const, devices: { x: '30000.mfd' } } }, machine(null))).toEqual([]);
});
