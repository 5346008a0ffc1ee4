import type { Fd, Kernel } from '../kernel/port.ts';
import { abiOf } from './abi.ts';
import { MalformedAnswer, MAX_INFO_SIZE } from './capability-chain.ts';
import { call, defineIoctl } from './ioctl.ts';
import { defineStruct } from './struct.ts';

/**
 * Proposed in 2013 (linuxppc and kvm mailing lists, "vfio: device tree interface") and never merged. It never got a
 * number that lasted: this one means VFIO_DEVICE_IOEVENTFD on mainline's PCI devices. So it is called only on a kernel
 * that is known to offer it (`vfio.devtreeInfo` of the inventory): a simulated one, or one built to match.
 */
export const DEVICE_GET_DEVTREE_INFO = defineIoctl('VFIO_DEVICE_GET_DEVTREE_INFO', 'device', 16, {
  EINVAL: 'The device has no region or interrupt of that index.',
  ENOTTY: 'The kernel does not have this call.',
});

/** The fixed part of the proposed struct vfio_devtree_info; the path follows it, ended by a zero. */
export const DEVTREE_INFO = defineStruct(20, {
  argsz: [0, 'u32'],
  flags: [4, 'u32'],
  index: [8, 'u32'],
  type: [12, 'u32'],
  start: [16, 'u32'],
});

/** The entry is one of `ranges` or `interrupt-map`, exposed as it stands, and not of the device's own `reg` or `interrupts`. */
export const DEVTREE_FLAG = { ranges: 8 } as const;
/** What `type` says that is asked about. */
export const DEVTREE_TYPE = { region: 0, interrupt: 1 } as const;

export interface DevtreeInfo {
  /** Node in the device tree. */
  readonly path: string;
  /** Position in the node's property. */
  readonly dtIndex: number;
  /** Whether that property is `ranges` or `interrupt-map`; else it is `reg`, or `interrupts` in one of its forms. */
  readonly isRange: boolean;
}

/**
 * Where a region or an interrupt of a device stands in the device tree. The length of the path is not known beforehand:
 * a first call with the fixed part alone learns the size, a second one fetches the answer (R-TREE-5). `index` is VFIO's.
 *
 * Throws `KernelError`, and {@link MalformedAnswer} for a size that no path has or a path that does not end.
 */
export function getDevtreeInfo(
  kernel: Kernel,
  device: Fd,
  type: keyof typeof DEVTREE_TYPE,
  index: number,
): DevtreeInfo {
  const abi = abiOf(kernel.architecture);
  const ask = (argsz: number): Buffer => {
    const argument = DEVTREE_INFO.encode(
      abi,
      { argsz, type: DEVTREE_TYPE[type], start: index },
      argsz - DEVTREE_INFO.size,
    );
    call(kernel, DEVICE_GET_DEVTREE_INFO, device, argument);
    return argument;
  };
  const { argsz } = DEVTREE_INFO.read(abi, ask(DEVTREE_INFO.size));
  if (argsz <= DEVTREE_INFO.size || argsz > MAX_INFO_SIZE) throw new MalformedAnswer(`an answer of ${argsz} bytes`);
  const answer = ask(argsz);
  const end = answer.indexOf(0, DEVTREE_INFO.size);
  if (end < 0) throw new MalformedAnswer('a path without an end');
  const { index: dtIndex, flags } = DEVTREE_INFO.read(abi, answer);
  return {
    path: answer.toString('utf8', DEVTREE_INFO.size, end),
    dtIndex,
    isRange: (flags & DEVTREE_FLAG.ranges) !== 0,
  };
}
