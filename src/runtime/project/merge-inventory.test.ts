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
