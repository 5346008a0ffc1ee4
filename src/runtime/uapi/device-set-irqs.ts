import type { Fd, Kernel } from '../kernel/port.ts';
import { abiOf } from './abi.ts';
import { call, defineIoctl } from './ioctl.ts';
import { defineStruct, viewOf } from './struct.ts';

export const DEVICE_SET_IRQS = defineIoctl('VFIO_DEVICE_SET_IRQS', 'device', 10, {
  EINVAL:
    'More interrupts are asked for than the index has; or another of INTx, MSI and MSI-X is active on the device; or there is nothing to take down; or an edge interrupt of a platform device is to be masked, which only level ones can be.',
  ENOTTY: 'The index does not know that action: MSI and MSI-X can only be triggered, not masked.',
  EBUSY:
    'Another eventfd unmasks this interrupt already; or a driver of the host uses the same interrupt line and does not share it.',
  ENODEV: 'The device has no interrupt line.',
  EBADF: 'An eventfd given is not open any more.',
  ENOSPC: 'The host has no interrupt vectors left.',
});

/** struct vfio_irq_set; the data follows it: one s32 per interrupt for eventfds, one u8 for booleans. */
export const IRQ_SET = defineStruct(20, {
  argsz: [0, 'u32'],
  flags: [4, 'u32'],
  index: [8, 'u32'],
  start: [12, 'u32'],
  count: [16, 'u32'],
});
export const IRQ_SET_FLAG = { dataNone: 1, dataBool: 2, dataEventfd: 4, mask: 8, unmask: 16, trigger: 32 } as const;
export const IRQ_DATA_MASK = 7;
export const IRQ_ACTION_MASK = 56;

/** Fewer interrupts are available than were asked for, and none was enabled (drivers/vfio/pci/vfio_pci_intrs.c). */
export class TooFewInterrupts extends Error {
  override readonly name = 'TooFewInterrupts';
  constructor(
    readonly asked: number,
    readonly available: number,
  ) {
    super(`${asked} interrupts asked for, ${available} available; none was enabled`);
  }
}

/**
 * Connects eventfds to interrupts `start` and up of an index; -1 disconnects one. Throws {@link TooFewInterrupts}
 * where the kernel answers with a positive count instead of an error.
 */
export function connectEventfds(kernel: Kernel, device: Fd, index: number, eventfds: readonly Fd[], start = 0): void {
  const { littleEndian } = abiOf(kernel.architecture);
  const data = eventfds.length * 4;
  const argument = IRQ_SET.encode(
    abiOf(kernel.architecture),
    {
      argsz: IRQ_SET.size + data,
      flags: IRQ_SET_FLAG.dataEventfd | IRQ_SET_FLAG.trigger,
      index,
      start,
      count: eventfds.length,
    },
    data,
  );
  const view = viewOf(argument);
  eventfds.forEach((fd, i) => view.setInt32(IRQ_SET.size + i * 4, fd, littleEndian));
  const available = call(kernel, DEVICE_SET_IRQS, device, argument);
  if (available > 0) throw new TooFewInterrupts(start + eventfds.length, available);
}

/**
 * Lets each signal of an eventfd unmask a level interrupt, which the kernel masks when it delivers it (AUTOMASKED); null
 * ends that. One interrupt to an index, as platform devices have them.
 */
export function unmaskThrough(kernel: Kernel, device: Fd, index: number, eventfd: Fd | null): void {
  const abi = abiOf(kernel.architecture);
  const flags = IRQ_SET_FLAG.dataEventfd | IRQ_SET_FLAG.unmask;
  const argument = IRQ_SET.encode(abi, { argsz: IRQ_SET.size + 4, flags, index, start: 0, count: 1 }, 4);
  viewOf(argument).setInt32(IRQ_SET.size, eventfd ?? -1, abi.littleEndian);
  call(kernel, DEVICE_SET_IRQS, device, argument);
}

/** Unmasks a level interrupt once, after its cause was dealt with. */
export function unmaskIrq(kernel: Kernel, device: Fd, index: number): void {
  const flags = IRQ_SET_FLAG.dataNone | IRQ_SET_FLAG.unmask;
  const argument = IRQ_SET.encode(abiOf(kernel.architecture), {
    argsz: IRQ_SET.size,
    flags,
    index,
    start: 0,
    count: 1,
  });
  call(kernel, DEVICE_SET_IRQS, device, argument);
}

/** Takes down every interrupt of an index: the form with no data and a count of 0 is the only one that does. */
export function disableIrqs(kernel: Kernel, device: Fd, index: number): void {
  const argument = IRQ_SET.encode(abiOf(kernel.architecture), {
    argsz: IRQ_SET.size,
    flags: IRQ_SET_FLAG.dataNone | IRQ_SET_FLAG.trigger,
    index,
    start: 0,
    count: 0,
  });
  call(kernel, DEVICE_SET_IRQS, device, argument);
}
