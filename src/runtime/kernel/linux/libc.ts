import { arch } from 'node:process';
import type koffi from 'koffi';
import { loadKoffi, NativeCallsMissing } from './load-koffi.ts';

/** The C functions that Node has no call for. An address is a number or, beyond 2^53, a bigint. */
export interface Libc {
  ioctlPointer(fd: number, request: number, argument: Buffer): number;
  ioctlValue(fd: number, request: number, argument: number): number;
  /** Off the main thread. Answers with the result and the errno of the thread that made the call. */
  ioctlPointerLong(fd: number, request: number, argument: Buffer): Promise<LongResult>;
  ioctlValueLong(fd: number, request: number, argument: number): Promise<LongResult>;
  /** Null where it fails. An address may be above 2 GiB on a 32-bit machine too: it has no sign. */
  mmap(address: number, length: bigint, protection: number, flags: number, fd: number, offset: bigint): bigint | null;
  munmap(address: bigint, length: bigint): number;
  eventfd(initial: number, flags: number): number;
  memfdCreate(name: string, flags: number): number;
  /** In bytes; null is no limit. */
  setMemlockLimit(soft: bigint | null, hard: bigint | null): number;
  /** Of the last call on this thread. Valid only right behind it. */
  errno(): number;
}

export interface LongResult {
  readonly result: number;
  readonly errno: number;
}

type Callback = (error: Error | null, result: number) => void;
type Ioctl<A> = ((fd: number, request: number, argument: A) => number) & {
  async(fd: number, request: number, argument: A, done: Callback): void;
};

/**
 * `int ioctl(int, unsigned long, ...)` is called as if it had three fixed parameters. That is the same call where a
 * variadic argument travels in the register that a fixed one would take, which holds in the ABIs of these
 * architectures (x86-64 System V, AAPCS and AAPCS64, RISC-V, LoongArch); a variadic declaration costs three times as
 * much and cannot be called asynchronously.
 */
const FIXED_IS_VARIADIC: ReadonlySet<string> = new Set(['x64', 'arm64', 'arm', 'riscv64', 'loong64']);

/** Loads koffi and the functions. Only here, and only when a real kernel is needed. Throws {@link NativeCallsMissing}. */
export async function loadLibc(): Promise<Libc> {
  if (!FIXED_IS_VARIADIC.has(arch)) throw new NativeCallsMissing(`system calls are not supported on ${arch} yet.`);
  const koffi = await loadKoffi();
  const libc = koffi.load(null);
  const ioctlPointer = libc.func('ioctl', 'int', ['int', 'unsigned long', 'void *']) as Ioctl<Buffer>;
  const ioctlValue = libc.func('ioctl', 'int', ['int', 'unsigned long', 'intptr_t']) as Ioctl<number>;

  const later =
    <A>(ioctl: Ioctl<A>) =>
    (fd: number, request: number, argument: A) =>
      new Promise<LongResult>((resolve, reject) => {
        ioctl.async(fd, request, argument, (error, result) => {
          // Koffi puts the worker thread's errno in place for the time of this callback, since version 3.2.
          const errno = koffi.errno();
          if (error) reject(error);
          else resolve({ result, errno });
        });
      });

  return {
    ioctlPointer,
    ioctlValue,
    ioctlPointerLong: later(ioctlPointer),
    ioctlValueLong: later(ioctlValue),
    mmap: mmapOf(koffi, libc),
    munmap: libc.func('munmap', 'int', ['uintptr_t', 'size_t']) as Libc['munmap'],
    eventfd: libc.func('eventfd', 'int', ['unsigned int', 'int']) as Libc['eventfd'],
    memfdCreate: libc.func('memfd_create', 'int', ['const char *', 'unsigned int']) as Libc['memfdCreate'],
    setMemlockLimit: memlockLimitOf(libc),
    errno: () => koffi.errno(),
  };
}

/** include/uapi/asm-generic/resource.h, which the architectures of {@link FIXED_IS_VARIADIC} share. */
const RLIMIT_MEMLOCK = 8;
const RLIM64_INFINITY = (1n << 64n) - 1n;

/** prlimit64 takes 64 bits on every machine (glibc); musl, whose rlim_t has 64 bits everywhere, has the plain name only. */
function memlockLimitOf(libc: ReturnType<(typeof koffi)['load']>): Libc['setMemlockLimit'] {
  type Prlimit = (pid: number, resource: number, limit: Buffer, old: null) => number;
  const parameters = ['int', 'int', 'void *', 'void *'];
  const declared = (): Prlimit => {
    try {
      return libc.func('prlimit64', 'int', parameters) as Prlimit;
    } catch {
      return libc.func('prlimit', 'int', parameters) as Prlimit;
    }
  };
  const prlimit = declared();
  return (soft, hard) => {
    const limit = new BigUint64Array([soft ?? RLIM64_INFINITY, hard ?? RLIM64_INFINITY]);
    return prlimit(0, RLIMIT_MEMLOCK, Buffer.from(limit.buffer), null);
  };
}

/** With an offset of 64 bits on every machine: the regions of a device begin at multiples of 2^40. musl has the plain name only. */
function mmapOf({ sizeof }: typeof koffi, libc: ReturnType<(typeof koffi)['load']>): Libc['mmap'] {
  type Mmap = (...args: Parameters<Libc['mmap']>) => number | bigint;
  const before = ['uintptr_t', 'size_t', 'int', 'int', 'int'];
  const declared = (): Mmap => {
    try {
      return libc.func('mmap64', 'uintptr_t', [...before, 'int64_t']) as Mmap;
    } catch {
      return libc.func('mmap', 'uintptr_t', [...before, 'long']) as Mmap;
    }
  };
  const mmap = declared();
  // MAP_FAILED is -1: all bits of a pointer.
  const failed = (1n << BigInt(sizeof('uintptr_t') * 8)) - 1n;
  return (...args) => {
    const address = BigInt(mmap(...args));
    return address === failed ? null : address;
  };
}
