import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { check, report, textOf } from '../../testing/rule.ts';
import { soc } from '../../testing/soc.ts';
import { childrenLeftWithHostRule as rule } from './children-left-with-host.ts';

const machine = (driver: string | null) =>
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
          'dma@31000': { compatible: 'x,dma', reg: [0x3_1000, 0x1000] },
          notes: {},
        },
      }),
    )
    .platform('30000.mfd', { treePath: '/soc/mfd@30000' })
    .platform('31000.dma', { treePath: '/soc/mfd@30000/dma@31000', driver });
const without = (...exclude: string[]) => ({
  a: { devices: { x: { platform: '30000.mfd', children: { exclude } } } },
});

test('R-TREE-1: warns of an excluded child that the host drives, and names it', () => {
  expect(report(rule, without('dma'), machine('x-dma'))).toEqual([
    'warning children-left-with-host at vms/a/devices/x/children',
  ]);
  expect(textOf(check(rule, without('dma'), machine('x-dma')))).toContain('31000.dma');
});

test('R-TREE-1: notes an excluded child device without a driver', () => {
  expect(report(rule, without('dma'), machine(null))).toEqual([
    'note children-left-with-host at vms/a/devices/x/children',
  ]);
});

test('R-TREE-1: stays silent for parts that are no devices, for what is included, and for a child that is assigned', () => {
  expect(report(rule, without('notes'), machine('x-dma'))).toEqual([]);
  const own = { ...without('dma'), b: { devices: { dma: '31000.dma' } } };
  expect(report(rule, own, machine('x-dma'))).toEqual([]);
});
