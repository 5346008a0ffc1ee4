import type { Fd, Kernel } from '../kernel/port.ts';
import { abiOf } from './abi.ts';
import { call, defineIoctl } from './ioctl.ts';
import { defineStruct } from './struct.ts';

export const DEVICE_GET_IRQ_INFO = defineIoctl('VFIO_DEVICE_GET_IRQ_INFO', 'device', 9, {
  EINVAL: 'The device has no interrupt of that index; conventional PCI devices have no error interrupt.',
});

/** struct vfio_irq_info. */
export const IRQ_INFO = defineStruct(16, {
  argsz: [0, 'u32'],
  flags: [4, 'u32'],
  index: [8, 'u32'],
  count: [12, 'u32'],
});
export const IRQ_FLAG = { eventfd: 1, maskable: 2, automasked: 4, noresize: 8 } as const;
/** Interrupt indices of vfio-pci. Those of a platform device are positions in its interrupts, one interrupt to each. */
export const PCI_IRQ = { intx: 0, msi: 1, msix: 2, err: 3, req: 4 } as const;
export const PCI_IRQ_COUNT = 5;

export interface IrqInfo {
  readonly index: number;
  /** How many interrupts the index has; 0 where the device does not have that kind. */
  readonly count: number;
  readonly eventfd: boolean;
  readonly maskable: boolean;
  readonly automasked: boolean;
  /** Whether growing needs a tear-down first. */
  readonly noResize: boolean;
}

export function getIrqInfo(kernel: Kernel, device: Fd, index: number): IrqInfo {
  const abi = abiOf(kernel.architecture);
  const argument = IRQ_INFO.encode(abi, { argsz: IRQ_INFO.size, index });
  call(kernel, DEVICE_GET_IRQ_INFO, device, argument);
  const { flags, count } = IRQ_INFO.read(abi, argument);
  const has = (flag: number) => (flags & flag) !== 0;
  return {
    index,
    count,
    eventfd: has(IRQ_FLAG.eventfd),
    maskable: has(IRQ_FLAG.maskable),
    automasked: has(IRQ_FLAG.automasked),
    noResize: has(IRQ_FLAG.noresize),
  };
}
