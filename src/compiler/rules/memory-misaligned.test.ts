import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { check, report, textOf } from '../../testing/rule.ts';
import { memoryMisalignedRule as rule } from './memory-misaligned.ts';

const machine = (pageSize = 4096) => host().intelIommu().kernel({ pageSize }).nic('01:00.0');
const vms = (iova: string, size: string, pageSize?: string) => ({
  a: {
    devices: { x: '01:00.0' },
    memory: [{ iova, size, ...(pageSize === undefined ? {} : { backing: 'hugetlb' as const, pageSize }) }],
  },
});

test('fires for an address and a size that are not whole pages, each at its place, with what is near', () => {
  expect(report(rule, vms('0x1800', '0x1001'), machine())).toEqual([
    'error memory-misaligned at vms/a/memory/0/iova',
    'error memory-misaligned at vms/a/memory/0/size',
  ]);
  expect(textOf(check(rule, vms('0x1800', '0x1000'), machine()))).toContain('0x1000 and 0x2000');
});

test('fires for 4 KiB pieces on a kernel with 64 KiB pages', () => {
  expect(report(rule, vms('0x1000', '64KiB'), machine(65536))).toEqual([
    'error memory-misaligned at vms/a/memory/0/iova',
  ]);
});

test('fires for an entry that does not come in whole huge pages', () => {
  expect(report(rule, vms('0', '1GiB', '2MiB'), machine())).toEqual([]);
  expect(report(rule, vms('2MiB', '1GiB', '1GiB'), machine())).toEqual([
    'error memory-misaligned at vms/a/memory/0/iova',
  ]);
});

test('stays silent for whole pages, at the end of the address space too', () => {
  expect(report(rule, vms('0xfffffffffffff000', '4KiB'), machine())).toEqual([]);
});
