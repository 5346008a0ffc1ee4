import { expect, test } from 'vitest';
import { host, region } from '../../../src/testing/index.ts';
import { check, report, textOf } from '../../../src/testing/law.ts';
import { memoryOnReservedRegionLaw as law } from './memory-on-reserved-region.ts';

const memory = (...entries: [string, string][]) => entries.map(([iova, size]) => ({ iova, size }));
const vms = (...entries: [string, string][]) => ({ a: { devices: { x: '01:00.0' }, memory: memory(...entries) } });
const intel = () => host().intelIommu().nic('01:00.0');

test('R-GROUP-5: fires for a mapping that touches the MSI window, and says which region of which group it is', () => {
  expect(report(law, vms(['0', '4GiB']), intel())).toEqual(['error memory-on-reserved-region at vms/a/memory/0/iova']);
  const text = textOf(check(law, vms(['0', '4GiB']), intel()));
  expect(text).toContain('the MSI window');
  expect(text).toContain('0xfee00000-0xfeefffff (msi)');
  expect(text).toContain('group 11');
});

test.each([
  ['0xfeefffff', '1', 1],
  ['0xfee00000', '1', 1],
  ['0xfef00000', '1MiB', 0],
  ['0', '0xfee00000', 0],
])('a mapping of %s and %s bytes meets the window %i times', (iova, size, times) => {
  expect(report(law, vms([iova, size]), intel())).toHaveLength(times);
});

test('suggests the nearest free place, clear of the other mappings', () => {
  const text = textOf(check(law, vms(['0xfee00000', '1MiB'], ['0xfef00000', '1MiB']), intel()));
  expect(text).toContain('fit as a whole at 0xfed00000');
});

test('fires for regions of every group of the VM', () => {
  const machine = host()
    .smmuV3()
    .nic('01:00.0')
    .group(60, { reservedRegions: [region(0x10_0000n, 0x1f_ffffn, 'reserved')] })
    .nic('02:00.0', { group: 60 });
  const both = { a: { devices: { x: '01:00.0', y: '02:00.0' }, memory: memory(['0', '2MiB'], ['0x8000000', '4KiB']) } };
  expect(report(law, both, machine)).toEqual([
    'error memory-on-reserved-region at vms/a/memory/0/iova',
    'error memory-on-reserved-region at vms/a/memory/1/iova',
  ]);
  expect(report(law, { a: { ...both.a, devices: { x: '01:00.0' } } }, machine)).toHaveLength(1);
});

test('finds a region that begins long before the mapping', () => {
  const machine = host()
    .intelIommu()
    .group(60, { reservedRegions: [region(0n, 0xffff_ffffn, 'reserved'), region(0x1000n, 0x1fffn, 'msi')] })
    .nic('01:00.0', { group: 60 });
  expect(report(law, vms(['0x80000000', '4KiB']), machine)).toHaveLength(1);
});

test('stays silent on a direct-relaxable region, which VFIO passes over', () => {
  const machine = host()
    .intelIommu()
    .group(60, { reservedRegions: [region(0n, 0xffff_ffffn, 'direct-relaxable')] })
    .nic('01:00.0', { group: 60 });
  expect(report(law, vms(['0', '4KiB']), machine)).toEqual([]);
});
