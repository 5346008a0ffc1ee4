import type { Fd, Kernel } from '../kernel/port.ts';
import { abiOf } from './abi.ts';
import { call, defineIoctl } from './ioctl.ts';
import { viewOf } from './struct.ts';

/** One member of the argument: its width in bytes, and its value. */
export interface Member {
  readonly width: 1 | 2 | 4 | 8;
  readonly value: bigint;
}

/** What a call returned, and what its members held afterwards, in their order. */
export interface ContainerAnswer {
  readonly returned: number;
  readonly values: readonly bigint[];
}

/**
 * An ioctl of a container whose IOMMU backend is not of the mainline kernel: number and argument are described, not known
 * here. Members lie one behind the other, in the byte order of the kernel; whoever describes them puts padding where the
 * struct has some. Throws `KernelError`.
 */
export function containerIoctl(
  kernel: Kernel,
  container: Fd,
  request: { readonly name: string; readonly number: number },
  members: readonly Member[],
): ContainerAnswer {
  const { littleEndian } = abiOf(kernel.architecture);
  const argument = Buffer.alloc(members.reduce((sum, { width }) => sum + width, 0));
  const view = viewOf(argument);
  let at = 0;
  for (const { width, value } of members) {
    if (width === 8) view.setBigUint64(at, value, littleEndian);
    else if (width === 4) view.setUint32(at, Number(value), littleEndian);
    else if (width === 2) view.setUint16(at, Number(value), littleEndian);
    else view.setUint8(at, Number(value));
    at += width;
  }
  const ioctl = defineIoctl(request.name, 'container', request.number, {});
  const returned = call(kernel, ioctl, container, members.length > 0 ? argument : null);
  at = 0;
  const values = members.map(({ width }) => {
    const place = at;
    at += width;
    if (width === 8) return view.getBigUint64(place, littleEndian);
    if (width === 4) return BigInt(view.getUint32(place, littleEndian));
    return BigInt(width === 2 ? view.getUint16(place, littleEndian) : view.getUint8(place));
  });
  return { returned, values };
}
