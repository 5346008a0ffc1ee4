import { KernelError, type Fd, type Kernel } from '../kernel/port.ts';
import { abiOf } from './abi.ts';
import { MalformedAnswer, MAX_INFO_SIZE } from './capability-chain.ts';
import { call, defineIoctl } from './ioctl.ts';
import { defineStruct } from './struct.ts';

export const DEVICE_GET_PCI_HOT_RESET_INFO = defineIoctl('VFIO_DEVICE_GET_PCI_HOT_RESET_INFO', 'device', 12, {
  ENODEV: 'Neither the slot nor the bus of the device can be reset.',
  ENOSPC: 'The answer is longer than the room given for it.',
  EPERM: 'A device that the reset would hit is in no IOMMU group.',
  EAGAIN: 'Devices came or went during the call. Try again.',
  EINVAL: 'The kernel expects a longer struct.',
});

/** struct vfio_pci_hot_reset_info; the affected devices follow it. */
export const HOT_RESET_INFO = defineStruct(12, { argsz: [0, 'u32'], flags: [4, 'u32'], count: [8, 'u32'] });
/** struct vfio_pci_dependent_device, as the group interface fills it in. */
export const DEPENDENT_DEVICE = defineStruct(8, {
  groupId: [0, 'u32'],
  segment: [4, 'u16'],
  bus: [6, 'u8'],
  devfn: [7, 'u8'],
});

export interface DependentDevice {
  /** The IOMMU group that must be owned for the reset. */
  readonly group: number;
  /** As sysfs names it: `0000:65:00.1`. */
  readonly address: string;
}

const padded = (value: number, width: number) => value.toString(16).padStart(width, '0');

/** The functions that a slot or bus reset of this device would hit, itself included. */
export function getPciHotResetInfo(kernel: Kernel, device: Fd): readonly DependentDevice[] {
  const abi = abiOf(kernel.architecture);
  const make = (argsz: number) => HOT_RESET_INFO.encode(abi, { argsz }, argsz - HOT_RESET_INFO.size);
  let argument = make(HOT_RESET_INFO.size);
  try {
    call(kernel, DEVICE_GET_PCI_HOT_RESET_INFO, device, argument);
  } catch (error) {
    // The one INFO call that fails for want of room; it says in `count` how much is needed.
    if (!(error instanceof KernelError) || error.code !== 'ENOSPC') throw error;
    const size = HOT_RESET_INFO.size + HOT_RESET_INFO.read(abi, argument).count * DEPENDENT_DEVICE.size;
    if (size > MAX_INFO_SIZE) throw new MalformedAnswer(`the kernel asks for ${size} bytes`);
    argument = make(size);
    call(kernel, DEVICE_GET_PCI_HOT_RESET_INFO, device, argument);
  }
  const { count } = HOT_RESET_INFO.read(abi, argument);
  if (HOT_RESET_INFO.size + count * DEPENDENT_DEVICE.size > argument.length) {
    throw new MalformedAnswer(`${count} devices do not fit the answer`);
  }
  return Array.from({ length: count }, (_, i) => {
    const entry = DEPENDENT_DEVICE.read(abi, argument, HOT_RESET_INFO.size + i * DEPENDENT_DEVICE.size);
    const slot = `${padded(entry.segment, 4)}:${padded(entry.bus, 2)}:${padded(entry.devfn >> 3, 2)}`;
    return { group: entry.groupId, address: `${slot}.${entry.devfn & 7}` };
  });
}
