import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { check, report, textOf } from '../../testing/rule.ts';
import { soc } from '../../testing/soc.ts';
import { childVanishesRule as rule } from './child-vanishes.ts';

const TREE = soc({
  'crypto@10000': {
    compatible: 'fsl,sec-v4.0',
    '#address-cells': 1,
    '#size-cells': 1,
    ranges: [0, 0x1_0000, 0x1_0000],
    reg: [0x1_0000, 0x1_0000],
    'jr@1000': { compatible: 'fsl,sec-v4.0-job-ring', reg: [0x1000, 0x1000] },
  },
  'mfd@30000': {
    compatible: ['x,mfd', 'simple-mfd'],
    '#address-cells': 1,
    '#size-cells': 1,
    ranges: true,
    reg: [0x3_0000, 0x1000],
    'timer@31000': { compatible: 'x,timer', reg: [0x3_1000, 0x1000] },
  },
});
const machine = (driver: string | null = 'caam') =>
  host()
    .smmuV3()
    .tree(TREE)
    .platform('10000.crypto', { treePath: '/soc/crypto@10000', driver })
    .platform('11000.jr', { treePath: '/soc/crypto@10000/jr@1000', driver: 'caam_jr' })
    .platform('30000.mfd', { treePath: '/soc/mfd@30000', driver: 'x-mfd' })
    .platform('31000.timer', { treePath: '/soc/mfd@30000/timer@31000' });

test('R-TREE-1: fires for a child that the driver of its parent has made, and offers the child alone', () => {
  const vms = { a: { devices: { block: '10000.crypto' } } };
  expect(report(rule, vms, machine())).toEqual(['error child-vanishes at vms/a/devices/block/children']);
  const text = textOf(check(rule, vms, machine()));
  for (const part of ['caam', '11000.jr alone', 'leave 10000.crypto with the host']) expect(text).toContain(part);
});

test('R-TREE-1: fires for such a child with an entry of its own beside its parent', () => {
  const vms = { a: { devices: { block: '10000.crypto', ring: '11000.jr' } } };
  expect(report(rule, vms, machine())).toEqual(['error child-vanishes at vms/a/devices/ring']);
});

test('R-TREE-1: fires on the inventory of a blob, where the driver would have made it', () => {
  const blob = machine(null).origin('device-tree');
  expect(report(rule, { a: { devices: { block: '10000.crypto' } } }, blob)).toHaveLength(1);
});

test('R-TREE-1: stays silent for the child alone, for the children of a bus, and where no driver has the parent', () => {
  expect(report(rule, { a: { devices: { ring: '11000.jr' } } }, machine())).toEqual([]);
  expect(report(rule, { a: { devices: { mfd: '30000.mfd' } } }, machine())).toEqual([]);
  for (const driver of [null, 'vfio-platform']) {
    expect(report(rule, { a: { devices: { block: '10000.crypto' } } }, machine(driver))).toEqual([]);
  }
});
