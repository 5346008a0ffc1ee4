import { constants } from 'node:os';
import { KernelError } from './port.ts';

/** Linux's numbers on all architectures that Node runs on (include/uapi/asm-generic/errno*.h), as far as VFIO uses them. */
export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  EIO: 5,
  ENXIO: 6,
  E2BIG: 7,
  EBADF: 9,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EFAULT: 14,
  EBUSY: 16,
  EEXIST: 17,
  ENODEV: 19,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  ENFILE: 23,
  EMFILE: 24,
  ENOTTY: 25,
  ENOSPC: 28,
  ESPIPE: 29,
  EROFS: 30,
  ERANGE: 34,
  ENOSYS: 38,
  EOVERFLOW: 75,
  EBADFD: 77,
  EOPNOTSUPP: 95,
  ETIMEDOUT: 110,
} as const;

export type ErrnoName = keyof typeof ERRNO;

/** The failure of a system call by the errno's name. */
export const kernelError = (call: string, target: string, code: ErrnoName): KernelError =>
  new KernelError(call, target, code, ERRNO[code]);

let names: ReadonlyMap<number, string> | undefined;

/** The name of an errno of the running system; `E` and the number for one that has no name here. */
export function errnoName(errno: number): string {
  names ??= new Map([
    ...Object.entries(ERRNO).map(([name, number]) => [number, name] as const),
    // Two names of one number (EAGAIN, EWOULDBLOCK): the one of our own table, else the first, is kept.
    ...Object.entries(constants.errno)
      .filter(([name, number]) => !Object.values<number>(ERRNO).includes(number) && name !== 'EWOULDBLOCK')
      .map(([name, number]) => [number, name] as const),
  ]);
  return names.get(errno) ?? `E${errno}`;
}
