import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { report } from '../../testing/rule.ts';
import { driverUnknownRule as rule } from './driver-unknown.ts';

const machine = () => host().intelIommu().nic('01:00.0');
const vms = (driver: string) => ({ a: { devices: { x: { pci: '01:00.0', driver } } } });

test.each(['igb_uio', 'uio_pci_generic', 'pci-stub', 'e1000e'])('fires for %s', (driver) => {
  expect(report(rule, vms(driver), machine())).toEqual(['error driver-unknown at vms/a/devices/x']);
});

test.each(['vfio-pci', 'mlx5_vfio_pci', 'hisi-acc-vfio-pci'])('stays silent for %s', (driver) => {
  expect(report(rule, vms(driver), machine())).toEqual([]);
});
