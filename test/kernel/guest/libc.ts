import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import koffi from 'koffi';

const libc = koffi.load('libc.so.6');
const ioctlPointer = libc.func('int ioctl(int fd, unsigned long request, void *argument)');
const ioctlValue = libc.func('int ioctl(int fd, unsigned long request, unsigned long argument)');
// off_t is a long in this entry of glibc's, on 32-bit machines too.
const mmapCall = libc.func('uintptr_t mmap(uintptr_t at, size_t length, int prot, int flags, int fd, long offset)');
const MAP_FAILED = (1n << BigInt(8 * koffi.sizeof('uintptr_t'))) - 1n;
const syscallWithThree = libc.func('long syscall(long number, long first, long second, long third)');
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
  if (at === MAP_FAILED) throw new Error(`mmap: ${errnoName(koffi.errno())}`);
  return at;
}

export function unmapMemory(at: bigint, length: number): void {
  munmapCall(at, length);
}

/** The numbers are the same on every architecture (asm-generic/unistd.h). */
const SYS_PIDFD_OPEN = 434;
const SYS_PIDFD_GETFD = 438;

/** A descriptor of our own for a file that another process has open: the same open file, not a second opening of it. */
export function duplicateOf(pid: number, fd: number): number {
  const process = succeeded('pidfd_open', called(syscallWithThree(SYS_PIDFD_OPEN, pid, 0, 0) as number));
  try {
    return succeeded('pidfd_getfd', called(syscallWithThree(SYS_PIDFD_GETFD, process, fd, 0) as number));
  } finally {
    closeSync(process);
  }
}

function succeeded(what: string, { value, errno }: Called): number {
  if (errno !== undefined) throw new Error(`${what}: ${errno}`);
  return value;
}
