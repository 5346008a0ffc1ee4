import { expect, test } from 'vitest';
import type { ManifestDocument } from '../../model/index.ts';
import { host } from '../../testing/index.ts';
import { checkDocument, lineOf, textOf } from '../../testing/rule.ts';
import { vfsNotOfferedRule as rule } from './vfs-not-offered.ts';

const PF = '03:00.0';
const machine = () => host().intelIommu().pf(PF).nic('02:00.0');

function check(
  virtualFunctions: NonNullable<ManifestDocument['virtualFunctions']>,
  on = machine(),
  vms: NonNullable<ManifestDocument['vms']> = {},
) {
  const found = checkDocument(rule, { virtualFunctions, vms }, on);
  return { lines: found.map(lineOf), text: textOf(found) };
}

const refused = ['error vfs-not-offered at virtualFunctions/nic/pci'];

test('R-BACK-1: fires for what has no SR-IOV, for more VFs than it can have, and for a PF without a host driver', () => {
  expect(check({ nic: { pci: '02:00.0', count: 1 } }).lines).toEqual(refused);
  expect(check({ nic: { pci: PF, count: 8 } })).toEqual({
    lines: refused,
    text: expect.stringContaining('7 VFs at most') as string,
  });
  for (const driver of [null, 'vfio-pci']) {
    expect(check({ nic: { pci: PF, count: 2 } }, machine().change(PF, { driver })).lines).toEqual(refused);
  }
});

test('fires for a PF that is named twice, and for one that goes to a VM', () => {
  expect(check({ a: { pci: PF, count: 2 }, nic: { pci: PF, count: 2 } }).lines).toEqual(refused);
  expect(check({ nic: { pci: PF, count: 2 } }, machine(), { vm: { devices: { x: PF } } }).lines).toEqual(refused);
});

test('R-BACK-1: fires where VFs are there in another number, which changes through 0 only', () => {
  const on = machine().vf('03:10.0', PF, 0);
  expect(check({ nic: { pci: PF, count: 2 } }, on).lines).toEqual([
    'error vfs-already-on at virtualFunctions/nic/count',
  ]);
});

test('stays silent for a PF without VFs, and for one that has just these', () => {
  expect(check({ nic: { pci: PF, count: 7 } }).lines).toEqual([]);
  expect(check({ nic: { netdev: 'lan3s0', count: 1 } }, machine().vf('03:10.0', PF, 0)).lines).toEqual([]);
});
