import type { FdKind, IoctlRequest, Kernel } from '../kernel/port.ts';
import { abiOf } from './abi.ts';

/** One ioctl of one kind of descriptor. The same number means different things on different kinds. */
export interface Ioctl {
  /** The uapi constant. */
  readonly name: string;
  readonly fdKind: FdKind;
  /** What an errno usually means for this call, by name: a sentence that a user can act on. */
  readonly errors: Readonly<Record<string, string>>;
  /** The call as the given architecture numbers it. The same object every time. */
  request(architecture: string): IoctlRequest;
}

/** `VFIO_TYPE` of include/uapi/linux/vfio.h: `;`. */
const TYPE = 0x3b;
/** `VFIO_BASE`. */
const BASE = 100;

/** Declares an ioctl by its number above `VFIO_BASE`. All of VFIO's are `_IO(';', 100 + index)`: neither size nor direction. */
export function defineIoctl(
  name: string,
  fdKind: FdKind,
  index: number,
  errors: Readonly<Record<string, string>>,
): Ioctl {
  const number = TYPE * 0x100 + BASE + index;
  const plain: IoctlRequest = { name, fdKind, number };
  let other: IoctlRequest | undefined;
  return {
    name,
    fdKind,
    errors,
    request(architecture) {
      const { noDataBits } = abiOf(architecture);
      if (noDataBits === 0) return plain;
      other ??= { name, fdKind, number: number + noDataBits };
      return other;
    },
  };
}

/** Calls an ioctl whose argument is a struct, a plain number or nothing. Throws `KernelError`. */
export const call = (kernel: Kernel, ioctl: Ioctl, fd: number, argument: Buffer | number | null): number =>
  kernel.ioctl(fd, ioctl.request(kernel.architecture), argument);

/** The same off the main thread. */
export const callLong = (kernel: Kernel, ioctl: Ioctl, fd: number, argument: Buffer | number | null): Promise<number> =>
  kernel.ioctlLong(fd, ioctl.request(kernel.architecture), argument);
