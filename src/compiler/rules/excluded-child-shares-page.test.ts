import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { check, report, textOf } from '../../testing/rule.ts';
import { soc } from '../../testing/soc.ts';
import { excludedChildSharesPageRule as rule } from './excluded-child-shares-page.ts';

const TREE = soc({
  'crypto@10000': {
    compatible: 'x,crypto',
    '#address-cells': 1,
    '#size-cells': 1,
    ranges: [0, 0x1_0000, 0x1_0000],
    reg: [0x1_0000, 0x1_0000],
    'jr@1000': { compatible: 'x,ring', reg: [0x1000, 0x1000] },
    notes: {},
  },
  'mfd@30000': {
    compatible: ['x,mfd', 'simple-mfd'],
    '#address-cells': 1,
    '#size-cells': 1,
    ranges: true,
    reg: [0x3_0000, 0x800],
    'near@30800': { compatible: 'x,near', reg: [0x3_0800, 0x100] },
    'far@31000': { compatible: 'x,far', reg: [0x3_1000, 0x1000] },
    'farther@32000': { compatible: 'x,far', 'part@0': { reg: [0x3_2000, 0x100] } },
  },
});
const machine = (pageSize = 4096) =>
  host()
    .smmuV3()
    .kernel({ pageSize })
    .tree(TREE)
    .platform('10000.crypto', { treePath: '/soc/crypto@10000' })
    .platform('30000.mfd', { treePath: '/soc/mfd@30000' })
    .platform('30800.near', { treePath: '/soc/mfd@30000/near@30800' })
    .platform('31000.far', { treePath: '/soc/mfd@30000/far@31000' });
const without = (platform: string, ...exclude: string[]) => ({
  a: { devices: { x: { platform, children: { exclude } } } },
});

test('R-TREE-1: fires where the region of the parent covers the child, and shows both ranges and the page', () => {
  const vms = without('10000.crypto', 'jr@1000');
  expect(report(rule, vms, machine())).toEqual(['error excluded-child-shares-page at vms/a/devices/x/children']);
  const text = textOf(check(rule, vms, machine()));
  for (const part of ['0x11000-0x11fff', '0x10000-0x1ffff', '/soc/crypto@10000/jr@1000']) expect(text).toContain(part);
});

test('says where they meet once', () => {
  const [found] = check(rule, without('10000.crypto', 'jr@1000'), machine());
  expect(found?.related).toEqual([]);
});

test('R-TREE-1: fires where the child begins behind the end of the parent, in the same page', () => {
  const text = textOf(check(rule, without('30000.mfd', 'near'), machine()));
  for (const part of ['0x30800-0x308ff', '0x30000-0x307ff', 'page frames 0x30000-0x30fff'])
    expect(text).toContain(part);
});

test('R-TREE-1: fires by the page size of the host', () => {
  expect(report(rule, without('30000.mfd', 'far'), machine(0x1_0000))).toHaveLength(1);
});

test('R-TREE-1: fires for the registers of an included child too, and once for each excluded child', () => {
  expect(report(rule, without('30000.mfd', 'near', 'far'), machine(0x1_0000))).toHaveLength(2);
  const only = { a: { devices: { x: { platform: '30000.mfd', children: { include: ['near'] } } } } };
  expect(textOf(check(rule, only, machine(0x1000)))).toBe('');
  expect(textOf(check(rule, only, machine(0x2000)))).toContain('/soc/mfd@30000/near@30800');
});

test('R-TREE-1: stays silent for a child with pages of its own, one without registers, and one that the same VM has', () => {
  expect(report(rule, without('30000.mfd', 'far', 'farther'), machine())).toEqual([]);
  expect(report(rule, without('10000.crypto', 'notes'), machine())).toEqual([]);
  const same = { a: { devices: { x: { platform: '30000.mfd', children: { exclude: ['near'] } }, y: '30800.near' } } };
  expect(report(rule, same, machine())).toEqual([]);
});

test('R-TREE-1: fires where the child goes to another VM', () => {
  const other = { ...without('30000.mfd', 'near'), b: { devices: { y: '30800.near' } } };
  expect(report(rule, other, machine())).toHaveLength(1);
});
