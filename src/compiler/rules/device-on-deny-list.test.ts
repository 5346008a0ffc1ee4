import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { report } from '../../testing/rule.ts';
import { deviceOnDenyListRule as rule } from './device-on-deny-list.ts';

const vms = { a: { devices: { x: '01:00.0' } } };
const machine = (device: string, vendor = '8086') => host().intelIommu().nic('01:00.0', { vendor, device });

test.each(['0435', '0443', '19e2', '19e3', '37c8', '37c9', '0b25', '0cfe'])(
  'R-GROUP-5: fires for the Intel accelerator 8086:%s',
  (device) => {
    expect(report(rule, vms, machine(device))).toEqual(['error device-on-deny-list at vms/a/devices/x']);
  },
);

test('stays silent for other devices, with another driver, and where the list is switched off', () => {
  expect(report(rule, vms, machine('4940'))).toEqual([]);
  expect(report(rule, vms, machine('0435', '1af4'))).toEqual([]);
  const own = { a: { devices: { x: { pci: '01:00.0', driver: 'qat_vfio_pci' } } } };
  expect(report(rule, own, machine('0435'))).toEqual([]);
  const off = machine('0435').module('vfio_pci', 'loaded', { disable_denylist: 'Y' });
  expect(report(rule, vms, off)).toEqual([]);
});
