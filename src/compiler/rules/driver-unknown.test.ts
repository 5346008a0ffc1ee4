import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { check, report } from '../../testing/rule.ts';
import { driverUnknownRule as rule } from './driver-unknown.ts';

const machine = () => host().intelIommu().nic('01:00.0');
const vms = (driver: string) => ({ a: { devices: { x: { pci: '01:00.0', driver } } } });

test.each(['igb_uio', 'uio_pci_generic', 'pci-stub', 'e1000e'])('fires for %s', (driver) => {
  expect(report(rule, vms(driver), machine())).toEqual(['error driver-unknown at vms/a/devices/x']);
});

test.each(['vfio-pci', 'mlx5_vfio_pci', 'hisi-acc-vfio-pci'])('stays silent for %s', (driver) => {
  expect(report(rule, vms(driver), machine())).toEqual([]);
});

test.each([
  ['a.dma', 'vfio-pci', 'vfio-platform'],
  ['a.dma', 'vfio_amba', 'vfio-platform'],
  ['b.uart', 'vfio-platform', 'vfio-amba'],
  ['01:00.0', 'vfio-platform', 'vfio-pci'],
])('fires where %s is to be bound to %s, the driver of another bus', (name, driver, usual) => {
  const machine = host().smmuV3().platform('a.dma').amba('b.uart').nic('01:00.0');
  const key = name.includes(':') ? 'pci' : 'platform';
  const vms = { a: { devices: { x: { [key]: name, driver } } } };
  expect(report(rule, vms, machine)).toEqual(['error driver-unknown at vms/a/devices/x']);
  expect(check(rule, vms, machine)[0]?.detail).toContain(`for ${usual}`);
  expect(report(rule, { a: { devices: { x: { [key]: name, driver: usual } } } }, machine)).toEqual([]);
});
