import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { report } from '../../testing/rule.ts';
import { noiommuWithGroupRule as rule } from './noiommu-with-group.ts';

const machine = () =>
  host().smmuV3().platform('a.dma', { group: 30 }).platform('b.dma', { group: null }).nic('01:00.0');

test('R-GROUP-3: fires for each device that has a group', () => {
  const vms = { a: { iommu: 'noiommu' as const, devices: { x: 'a.dma', y: 'b.dma', z: '01:00.0' } } };
  expect(report(rule, vms, machine())).toEqual([
    'error noiommu-with-group at vms/a/devices/x',
    'error noiommu-with-group at vms/a/devices/z',
  ]);
});

test('stays silent for a device without a group, and with an IOMMU', () => {
  expect(report(rule, { a: { iommu: 'noiommu' as const, devices: { y: 'b.dma' } } }, machine())).toEqual([]);
  expect(report(rule, { a: { devices: { x: 'a.dma' } } }, machine())).toEqual([]);
});
