import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { check, report, textOf } from '../../testing/rule.ts';
import { hugePagesShortRule as rule } from './huge-pages-short.ts';

const machine = () => host().intelIommu().nic('01:00.0').nic('02:00.0');
const MIB2 = 2n << 20n;
const GIB = 1n << 30n;
const huge = (pci: string, size: string, pageSize: string, backing: 'hugetlb' | 'memfd' = 'hugetlb') => ({
  devices: { x: pci },
  memory: [{ iova: 0, size, pageSize, backing }],
});

test('fires where all VMs together need more pages than are free, at the entry that is too much', () => {
  const vms = { a: huge('01:00.0', '8MiB', '2MiB'), b: huge('02:00.0', '4MiB', '2MiB', 'memfd') };
  expect(report(rule, vms, machine().hugePages(MIB2, 100, 5))).toEqual([
    'error huge-pages-short at vms/b/memory/0/size',
  ]);
  expect(textOf(check(rule, vms, machine().hugePages(MIB2, 100, 5)))).toContain('needs 6 huge pages of 2 MiB');
});

test('fires where the host has no pool of that size', () => {
  const vms = { a: huge('01:00.0', '1GiB', '1GiB') };
  expect(report(rule, vms, machine().hugePages(MIB2, 100))).toEqual(['error huge-pages-short at vms/a/memory/0/size']);
});

test('counts each size by itself, and stays silent where every pool suffices', () => {
  const vms = { a: huge('01:00.0', '8MiB', '2MiB'), b: huge('02:00.0', '1GiB', '1GiB') };
  expect(report(rule, vms, machine().hugePages(MIB2, 4).hugePages(GIB, 1))).toEqual([]);
});

test('R-BACK-1: stays silent where the manifest lets a pool grow, but not for one that is not there', () => {
  const { devices, memory } = huge('01:00.0', '8MiB', '2MiB');
  const vms = { a: { devices, memory: memory.map((entry) => ({ ...entry, reserve: true })) } };
  expect(report(rule, vms, machine().hugePages(MIB2, 0))).toEqual([]);
  expect(report(rule, vms, machine().hugePages(GIB, 1))).toEqual(['error huge-pages-short at vms/a/memory/0/size']);
});

test('R-BACK-1: fires where a pool is to grow by more memory than the host has available', () => {
  const { devices, memory } = huge('01:00.0', '8MiB', '2MiB');
  const vms = { a: { devices, memory: memory.map((entry) => ({ ...entry, reserve: true })) } };
  expect(report(rule, vms, machine().hugePages(MIB2, 1, 1, 3n * MIB2))).toEqual([]);
  expect(report(rule, vms, machine().hugePages(MIB2, 1, 1, 3n * MIB2 - 1n))).toEqual([
    'error huge-pages-short at vms/a/memory/0/size',
  ]);
});

test('stays silent for ordinary pages', () => {
  const vms = { a: { devices: { x: '01:00.0' }, memory: [{ iova: 0, size: '1TiB', backing: 'memfd' as const }] } };
  expect(report(rule, vms, machine())).toEqual([]);
});
