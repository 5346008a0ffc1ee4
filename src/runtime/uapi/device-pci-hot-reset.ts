import type { Fd, Kernel } from '../kernel/port.ts';
import { abiOf } from './abi.ts';
import { callLong, defineIoctl } from './ioctl.ts';
import { defineStruct, viewOf } from './struct.ts';

export const DEVICE_PCI_HOT_RESET = defineIoctl('VFIO_DEVICE_PCI_HOT_RESET', 'device', 13, {
  EINVAL:
    'A function that the reset would hit is not bound to a VFIO driver, or its group was not given: whoever resets a bus must own every function on it.',
  EBADF: 'A group given is not open any more.',
  EBUSY: 'A function that the reset would hit is just being used. Try again.',
  ENODEV: 'Neither the slot nor the bus of the device can be reset.',
});

/** struct vfio_pci_hot_reset; the group descriptors follow it, one s32 each. */
export const HOT_RESET = defineStruct(12, { argsz: [0, 'u32'], flags: [4, 'u32'], count: [8, 'u32'] });

/** Resets the slot or the bus of a device. `groups` must own every function that is hit. Off the main thread. */
export async function pciHotReset(kernel: Kernel, device: Fd, groups: readonly Fd[]): Promise<void> {
  const abi = abiOf(kernel.architecture);
  const data = groups.length * 4;
  const argument = HOT_RESET.encode(abi, { argsz: HOT_RESET.size + data, count: groups.length }, data);
  const view = viewOf(argument);
  groups.forEach((fd, i) => view.setInt32(HOT_RESET.size + i * 4, fd, abi.littleEndian));
  await callLong(kernel, DEVICE_PCI_HOT_RESET, device, argument);
}
