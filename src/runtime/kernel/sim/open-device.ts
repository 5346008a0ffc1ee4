import { isVfioDriver } from '../../../model/inventory.ts';
import { completeUnbind } from './binding.ts';
import { closeGroupFile } from './group-file.ts';
import type { SimHost } from './host.ts';
import { Refusal, refuse } from './refusal.ts';
import { callReset } from './reset-handlers.ts';
import type { PciVfioDevice, VfioDevice, VfioGroup } from './state.ts';

/** The VF token part of a device's name (`vfio_pci_core_match`, `vfio_pci_validate_vf_token`). */
function checkToken(host: SimHost, device: PciVfioDevice, rest: string): void {
  const options = rest.split(' ').filter((option) => option !== '');
  if (options.some((option) => !/^vf_token=[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(option))) refuse('EINVAL');
  const parent = device.device.info.physicalFunction;
  const parentDriver = parent === null ? null : (host.devices.get(parent)?.driver ?? null);
  const needed = parentDriver !== null && isVfioDriver(parentDriver);
  // The token of a physical function is random until somebody sets it, and it cannot be read.
  if (needed) refuse('EACCES');
  if (options.length > 0) refuse('EINVAL');
}

function find(host: SimHost, group: VfioGroup, text: string): VfioDevice {
  const space = text.indexOf(' ');
  const name = space < 0 ? text : text.slice(0, space);
  const device = group.devices.get(name);
  if (!device || device.leaving) return refuse('ENODEV');
  if (device.kind === 'pci') checkToken(host, device, space < 0 ? '' : text.slice(space + 1));
  // The other buses compare all of the text (vfio_device_get_from_name in drivers/vfio/group.c).
  else if (name !== text) refuse('ENODEV');
  return device;
}

/** VFIO_GROUP_GET_DEVICE_FD: the kernel looks for the device first, and only then at the container. */
export function openDevice(host: SimHost, group: VfioGroup, text: string): VfioDevice {
  const device = find(host, group, text);
  if (!group.container?.iommu) return refuse('EINVAL');
  if (device.openCount === 0) {
    if (group.group?.noiommu && !host.mayRawIo) refuse('EPERM');
    firstOpen(device);
    group.users += 1;
    group.fileRefs += 1;
  }
  device.openCount += 1;
  return device;
}

/** `vfio_pci_core_enable`; `vfio_platform_open_device`, which insists on the reset only where it is required. */
function firstOpen(device: VfioDevice): void {
  const { openFails, registers } = device.device.model;
  if (openFails) refuse(openFails);
  if (device.kind === 'pci') {
    device.config.reset();
    registers?.reset();
    return;
  }
  try {
    callReset(device);
  } catch (error) {
    if (!(error instanceof Refusal) || device.resetRequired) throw error;
  }
}

/** A descriptor of the device was closed. With the last one the device is disabled and reset, and may be unbound. */
export function closeDevice(host: SimHost, device: VfioDevice): void {
  device.openCount -= 1;
  if (device.openCount > 0) return;
  lastClose(device);
  device.group.users -= 1;
  closeGroupFile(device.group);
  if (device.leaving) completeUnbind(host, device.device);
}

/** `vfio_pci_core_disable`; `vfio_platform_close_device`, where a reset that fails is only a line in the log. */
function lastClose(device: VfioDevice): void {
  if (device.kind === 'pci') {
    device.interrupts.clear();
    device.config.reset();
    device.bars.clear();
    device.device.model.registers?.reset();
    return;
  }
  try {
    callReset(device);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
  device.interrupts.clear();
}
