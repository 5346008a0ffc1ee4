import { expect, it } from 'vitest';
import { host } from '../../../testing/index.ts';
import { SimulatedKernel } from './index.ts';

const NIC = '0000:01:00.0';
const DEVICE = `/sys/bus/pci/devices/${NIC}`;

async function onVfio(): Promise<SimulatedKernel> {
  const kernel = new SimulatedKernel(host().intelIommu().nic('01:00.0', { group: 7 }).build());
  await kernel.writeFile(`${DEVICE}/driver_override`, 'vfio-pci');
  await kernel.writeFile(`${DEVICE}/driver/unbind`, NIC);
  await kernel.writeFile('/sys/bus/pci/drivers/vfio-pci/bind', NIC);
  return kernel;
}

it('takes a device out of sysfs, and its group out of /dev, and puts it back as new: on its driver, without an override', async () => {
  const kernel = await onVfio();
  kernel.unplug(NIC);
  expect([kernel.exists(DEVICE), kernel.exists('/dev/vfio/7')]).toEqual([false, false]);
  expect(kernel.toInventory().devices).toEqual([]);
  kernel.plug(NIC);
  expect(kernel.toInventory().devices).toMatchObject([{ address: NIC, driver: 'e1000e', driverOverride: null }]);
});

it('gives processes of one host files of their own, and tells who of them has a group', async () => {
  const kernel = await onVfio();
  const other = kernel.another({ pid: 77, command: 'dpdk' });
  other.open('/dev/vfio/7', 'read-write');
  expect(() => kernel.open('/dev/vfio/7', 'read-write')).toThrow('EBUSY');
  expect(kernel.holders('/dev/vfio/7')).toEqual([{ pid: 77, command: 'dpdk' }]);
  expect(kernel.toInventory().groups).toMatchObject([{ id: 7, openedBy: [{ pid: 77, command: 'dpdk' }] }]);
  expect([kernel.leaks(), other.leaks()]).toEqual([[], ['fd 3: group']]);
  other.kill();
  expect(kernel.holders('/dev/vfio/7')).toEqual([]);
  kernel.open('/dev/vfio/7', 'read-write');
});
