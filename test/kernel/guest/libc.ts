import { constants } from 'node:os';
import koffi from 'koffi';

const libc = koffi.load('libc.so.6');
const ioctlPointer = libc.func('int ioctl(int fd, unsigned long request, void *argument)');
const ioctlValue = libc.func('int ioctl(int fd, unsigned long request, unsigned long argument)');
const mmapCall = libc.func('uintptr_t mmap(uintptr_t at, size_t length, int prot, int flags, int fd, int64_t offset)');
const munmapCall = libc.func('int munmap(uintptr_t at, size_t length)');

/** A call's result: its value, or the name of its errno. Tests compare names, since numbers say nothing in a log. */
export interface Called {
  readonly value: number;
  readonly errno: string | undefined;
}

function called(value: number): Called {
  return value === -1 ? { value, errno: errnoName(koffi.errno()) } : { value, errno: undefined };
}

function errnoName(errno: number): string {
  return Object.entries(constants.errno).find(([, number]) => number === errno)?.[0] ?? `errno ${errno}`;
}

/** An ioctl with a structure, a number or nothing as its argument. */
export function ioctl(fd: number, request: number, argument: Buffer | number = 0): Called {
  return called(
    typeof argument === 'number'
      ? (ioctlValue(fd, request, argument) as number)
      : (ioctlPointer(fd, request, argument) as number),
  );
}

/** Anonymous, populated, private memory; its address as the kernel wants it in a mapping. */
export function mapAnonymous(length: number): bigint {
  const PROT_READ_WRITE = 3;
  const MAP_PRIVATE_ANONYMOUS_POPULATE = 0x2 | 0x20 | 0x8000;
  const at = BigInt(mmapCall(0, length, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS_POPULATE, -1, 0) as number | bigint);
  if (BigInt.asUintN(64, at) === 0xffffffffffffffffn) throw new Error(`mmap: ${errnoName(koffi.errno())}`);
  return at;
}

export function unmapMemory(at: bigint, length: number): void {
  munmapCall(at, length);
}
