import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { check, report, textOf } from '../../testing/rule.ts';
import { deviceOnVfioAlreadyRule as rule } from './device-on-vfio-already.ts';

const vms = { a: { devices: { x: '01:00.0' } } };

test('R-BACK-1: notes a device that was bound to VFIO before, with its override', () => {
  const machine = host().intelIommu().nic('01:00.0', { driver: 'vfio-pci', driverOverride: 'vfio-pci' });
  expect(report(rule, vms, machine)).toEqual(['note device-on-vfio-already at vms/a/devices/x']);
  expect(textOf(check(rule, vms, machine))).toContain('driver_override');
});

test('stays silent for a device of the host or of nobody', () => {
  expect(report(rule, vms, host().intelIommu().nic('01:00.0'))).toEqual([]);
  expect(report(rule, vms, host().intelIommu().nic('01:00.0', { driver: null }))).toEqual([]);
});

test('notes it for a platform device too', () => {
  const bound = host().smmuV3().platform('a.dma', { driver: 'vfio-platform' });
  expect(report(rule, { a: { devices: { x: 'a.dma' } } }, bound)).toEqual([
    'note device-on-vfio-already at vms/a/devices/x',
  ]);
});
