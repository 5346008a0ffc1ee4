import { isVfioDriver } from '../../../model/inventory.ts';
import { completeUnbind } from './binding.ts';
import { closeGroupFile } from './group-file.ts';
import type { SimHost } from './host.ts';
import { refuse } from './refusal.ts';
import type { VfioDevice, VfioGroup } from './state.ts';

/** The VF token part of a device's name (`vfio_pci_core_match`, `vfio_pci_validate_vf_token`). */
function checkToken(host: SimHost, device: VfioDevice, rest: string): void {
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
  checkToken(host, device, space < 0 ? '' : text.slice(space + 1));
  return device;
}

/** VFIO_GROUP_GET_DEVICE_FD: the kernel looks for the device first, and only then at the container. */
export function openDevice(host: SimHost, group: VfioGroup, text: string): VfioDevice {
  const device = find(host, group, text);
  if (!group.container?.iommu) return refuse('EINVAL');
  if (device.openCount === 0) {
    const { openFails, registers } = device.device.model;
    if (openFails) refuse(openFails);
    device.config.reset();
    registers?.reset();
    group.users += 1;
    group.fileRefs += 1;
  }
  device.openCount += 1;
  return device;
}

/** A descriptor of the device was closed. With the last one the device is disabled and reset, and may be unbound. */
export function closeDevice(device: VfioDevice): void {
  device.openCount -= 1;
  if (device.openCount > 0) return;
  device.interrupts.clear();
  device.config.reset();
  device.bars.clear();
  device.device.model.registers?.reset();
  device.group.users -= 1;
  closeGroupFile(device.group);
  if (device.leaving) completeUnbind(device.device);
}
