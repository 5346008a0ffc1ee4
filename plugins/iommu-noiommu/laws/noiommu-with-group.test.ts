import { expect, test } from 'vitest';
import { host } from '../../../src/testing/index.ts';
import { report } from '../../../src/testing/law.ts';
import { noiommuWithGroupLaw as law } from './noiommu-with-group.ts';

const machine = () =>
  host().smmuV3().platform('a.dma', { group: 30 }).platform('b.dma', { group: null }).nic('01:00.0');

test('R-GROUP-3: fires for each device that has a group', () => {
  const vms = { a: { iommu: 'noiommu' as const, devices: { x: 'a.dma', y: 'b.dma', z: '01:00.0' } } };
  expect(report(law, vms, machine())).toEqual([
    'error noiommu-with-group at vms/a/devices/x',
    'error noiommu-with-group at vms/a/devices/z',
  ]);
});

test('stays silent for a device without a group, and with an IOMMU', () => {
  expect(report(law, { a: { iommu: 'noiommu' as const, devices: { y: 'b.dma' } } }, machine())).toEqual([]);
  expect(report(law, { a: { devices: { x: 'a.dma' } } }, machine())).toEqual([]);
});
