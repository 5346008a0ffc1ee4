import { isVfioDriver } from '../../../model/inventory.ts';
import { detachContainer } from './containers.ts';
import type { SimHost } from './host.ts';
import { Refusal, refuse } from './refusal.ts';
import type { SimDevice, VfioDevice } from './state.ts';
import { doesDma } from './viability.ts';
import { probeVfio } from './vfio-probe.ts';

/** Probes a driver that matches. The device is unbound. */
function probe(host: SimHost, device: SimDevice, driver: string): void {
  if (isVfioDriver(driver)) probeVfio(host, device);
  else if (doesDma(device, driver) && device.group?.owner) refuse('EBUSY');
  device.driver = driver;
}

const matches = (device: SimDevice, driver: string): boolean =>
  device.override === null ? device.matching.includes(driver) : device.override === driver;

/** A write to `/sys/bus/<bus>/drivers/<driver>/bind` (drivers/base/bus.c, dd.c). */
export function bind(host: SimHost, device: SimDevice | undefined, driver: string): void {
  if (!device || !matches(device, driver)) return refuse('ENODEV');
  if (device.driver !== null) refuse('EBUSY');
  probe(host, device, driver);
}

/**
 * A write to `/sys/bus/<bus>/drivers_probe`: succeeds whether or not a driver takes the device. Only a probe that cannot
 * even begin, because user space owns the group, is an error (`really_probe`, `dma_configure`).
 */
export function reprobe(host: SimHost, device: SimDevice | undefined): void {
  if (!device) return refuse('ENODEV');
  if (device.driver !== null) return;
  const candidates = device.override === null ? device.matching : [device.override];
  for (const driver of candidates) {
    if (!host.hasDriver(device.info.bus, driver)) continue;
    if (doesDma(device, driver) && device.group?.owner) refuse('EINVAL');
    try {
      probe(host, device, driver);
      return;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
  }
}

/**
 * A write to `/sys/bus/<bus>/drivers/<driver>/unbind`. Returns false where the kernel would wait, because the device is
 * open: here or, as far as the inventory says, in another process.
 */
export function unbind(host: SimHost, device: SimDevice | undefined, driver: string): boolean {
  if (!device || device.driver !== driver) return refuse('ENODEV');
  const { vfio } = device;
  if (vfio && (vfio.openCount > 0 || (device.group?.info.openedBy.length ?? 0) > 0)) {
    vfio.leaving = true;
    return false;
  }
  completeUnbind(host, device);
  return true;
}

/** The second half of an unbind: at once, or when the last descriptor of the device is closed. */
export function completeUnbind(host: SimHost, device: SimDevice): void {
  const { vfio } = device;
  device.driver = null;
  device.vfio = null;
  if (vfio) leaveGroup(host, vfio);
  if (vfio?.unplugged) host.unplug(device);
}

/**
 * With its last device a group dies: its node goes, its container loses it, and what is open of it answers ENODEV. One of
 * no-IOMMU mode is gone as an IOMMU group too, and its number free (`vfio_device_remove_group`).
 */
function leaveGroup(host: SimHost, vfio: VfioDevice): void {
  const { group, device } = vfio;
  group.devices.delete(device.info.address);
  if (group.group?.noiommu) {
    host.groups.delete(group.group.info.id);
    device.group = null;
  }
  if (group.devices.size > 0 || !group.group) return;
  if (group.container) detachContainer(group);
  group.group.vfio = null;
  group.group = null;
}
