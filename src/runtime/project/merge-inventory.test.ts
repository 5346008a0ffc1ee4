import { expect, it } from 'vitest';
import { host } from '../../testing/index.ts';
import { mergeInventories } from './merge-inventory.ts';

const base = host().intelIommu().nic('0000:31:00.0').nic('0000:32:00.0').build();
const withDriver = (address: string, driver: string) => ({
  ...base,
  devices: base.devices.map((device) => (device.address === address ? { ...device, driver } : device)),
});
const drivers = (inventory: typeof base) => inventory.devices.map((device) => device.driver);

it('keeps what each of two projects did to its own device', () => {
  const merged = mergeInventories(base, withDriver('0000:31:00.0', 'vfio-pci'), withDriver('0000:32:00.0', 'vfio-pci'));
  expect(drivers(merged)).toEqual(['vfio-pci', 'vfio-pci']);
});

it('leaves what the other project did where this one changed nothing', () => {
  const theirs = withDriver('0000:32:00.0', 'vfio-pci');
  expect(mergeInventories(base, base, theirs)).toEqual(theirs);
});

it('R-BACK-1: keeps the device tree, and what each project did to its own platform device', () => {
  const board = host()
    .tree({ 'dma@4000': { compatible: 'acme,dma' } })
    .platform('dma@4000', { treePath: '/dma@4000', driver: 'acme-dma' })
    .amba('9000.uart', { driver: 'uart-pl011' });
  const before = board.build();
  const mine = board.changePlatform('dma@4000', { driver: 'vfio-platform', driverOverride: 'vfio-platform' }).build();
  const theirs = {
    ...before,
    devices: before.devices.map((one) => (one.address === '9000.uart' ? { ...one, driver: 'vfio-amba' } : one)),
  };
  const merged = mergeInventories(before, mine, theirs);
  expect(drivers(merged)).toEqual(['vfio-platform', 'vfio-amba']);
  expect(merged.deviceTree).toBe(theirs.deviceTree);
});
