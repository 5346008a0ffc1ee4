import { invariant } from '../../../model/invariant.ts';
import { completeUnbind, reprobe } from './binding.ts';
import type { SimHost } from './host.ts';
import { Refusal } from './refusal.ts';

/**
 * Pulls a device out (`device_del`): its driver is taken from it first, and one of VFIO waits until nobody has the device open
 * (`vfio_unregister_group_dev` in drivers/vfio/vfio_main.c).
 */
export function unplug(host: SimHost, address: string): void {
  const device = host.devices.get(address);
  if (!device) return;
  const { vfio } = device;
  if (vfio) vfio.unplugged = true;
  if (vfio && vfio.openCount > 0) {
    vfio.leaving = true;
    return;
  }
  completeUnbind(host, device);
  if (!vfio) host.unplug(device);
}

/** Puts a device back (`device_add`): its registers are as after power-on, and its driver probes it. */
export function plug(host: SimHost, address: string): void {
  if (host.devices.has(address)) return;
  const info = host.inventory.devices.find((one) => one.address === address);
  invariant(info, `the host never had ${address}`);
  const device = host.plug(info);
  if (device.kind === 'platform') device.registers.reset();
  else device.model.registers?.reset();
  try {
    reprobe(host, device);
  } catch (error) {
    // It stays without a driver, and nobody is told.
    if (!(error instanceof Refusal)) throw error;
  }
}
