import * as fs from 'node:fs';
import { machine } from 'node:os';
import { invariant } from '../../../model/invariant.ts';
import { mmapTarget } from '../delegate.ts';
import { errnoName, kernelError } from '../errno.ts';
import { KernelError, type Fd, type IoctlRequest, type Kernel, type MmapRequest, type OpenFlags } from '../port.ts';
import type { BlockingWriter } from './blocking-writer.ts';
import { loadLibc, type Libc } from './libc.ts';

/** Values of the asm-generic headers, which all architectures that koffi is built for share. */
const EFD_CLOEXEC = 0x80000;
const MFD_CLOEXEC = 1;
const MFD_HUGETLB = 4;
const PROT_READ_WRITE = 3;
const MAP_SHARED = 0x01;
const MAP_PRIVATE_ANONYMOUS = 0x22;
const MAP_HUGETLB = 0x40000;
/** `MAP_HUGE_SHIFT`, `MFD_HUGE_SHIFT`: the page size as a power of two stands in the high bits of the flags. */
const HUGE_SHIFT = 26;

/** Files whose writer the kernel keeps until whoever holds a device lets go of it. */
const MAY_BLOCK = /\/(unbind|remove|sriov_numvfs)$/;

/** The flag bits for a size of huge pages. */
function hugePageBits(size: bigint): number {
  const log2 = size.toString(2).length - 1;
  invariant(size === 1n << BigInt(log2), `${size} is no size of a page`);
  // An unsigned shift: 16 GiB pages (34) reach the sign bit.
  return (log2 << HUGE_SHIFT) >>> 0;
}

/** The kernel of this machine. Files go through Node's own `fs`, which opens all of them with O_CLOEXEC. */
export class LinuxKernel implements Kernel {
  readonly architecture = machine();
  #writer: BlockingWriter | undefined;

  /** Loads the native library; throws where there is none for this platform. */
  static async load(): Promise<LinuxKernel> {
    return new LinuxKernel(await loadLibc());
  }

  private constructor(private readonly libc: Libc) {}

  open(path: string, flags: OpenFlags): Fd {
    return this.#file('open', path, () =>
      fs.openSync(path, flags === 'read' ? fs.constants.O_RDONLY : fs.constants.O_RDWR),
    );
  }

  close(fd: Fd): void {
    this.#file('close', 'fd', () => fs.closeSync(fd));
  }

  ioctl(fd: Fd, request: IoctlRequest, argument: Buffer | number | null): number {
    const result =
      argument === null || typeof argument === 'number'
        ? this.libc.ioctlValue(fd, request.number, argument ?? 0)
        : this.libc.ioctlPointer(fd, request.number, argument);
    if (result < 0) this.#fail(request.name, request.fdKind, this.libc.errno());
    return result;
  }

  async ioctlLong(fd: Fd, request: IoctlRequest, argument: Buffer | number | null): Promise<number> {
    const { result, errno } =
      argument === null || typeof argument === 'number'
        ? await this.libc.ioctlValueLong(fd, request.number, argument ?? 0)
        : await this.libc.ioctlPointerLong(fd, request.number, argument);
    if (result < 0) this.#fail(request.name, request.fdKind, errno);
    return result;
  }

  pread(fd: Fd, length: number, offset: bigint): Buffer {
    const buffer = Buffer.alloc(length);
    const position = positionOf('pread', offset);
    const read = this.#file('pread', 'device', () => fs.readSync(fd, buffer, 0, length, position));
    return buffer.subarray(0, read);
  }

  pwrite(fd: Fd, data: Buffer, offset: bigint): void {
    const position = positionOf('pwrite', offset);
    for (let done = 0; done < data.length;) {
      const at = done;
      const written = this.#file('pwrite', 'device', () => fs.writeSync(fd, data, at, data.length - at, position + at));
      if (written === 0) throw kernelError('pwrite', 'device', 'EIO');
      done += written;
    }
  }

  mmap(request: MmapRequest): bigint {
    const { length, hugePageSize, fd, offset = 0n } = request;
    const kind = fd === null ? MAP_PRIVATE_ANONYMOUS : MAP_SHARED;
    const huge = hugePageSize === null ? 0 : MAP_HUGETLB | hugePageBits(hugePageSize);
    // C takes a signed int: the same 32 bits.
    const address = this.libc.mmap(0, length, PROT_READ_WRITE, (kind | huge) >> 0, fd ?? -1, offset);
    return address ?? this.#fail('mmap', mmapTarget(request), this.libc.errno());
  }

  munmap(address: bigint, length: bigint): void {
    if (this.libc.munmap(address, length) < 0) this.#fail('munmap', 'memory', this.libc.errno());
  }

  eventfd(): Fd {
    const fd = this.libc.eventfd(0, EFD_CLOEXEC);
    return fd < 0 ? this.#fail('eventfd', 'eventfd', this.libc.errno()) : fd;
  }

  memfdCreate(name: string, hugePageSize: bigint | null): Fd {
    const flags = hugePageSize === null ? MFD_CLOEXEC : (MFD_CLOEXEC | MFD_HUGETLB | hugePageBits(hugePageSize)) >>> 0;
    const fd = this.libc.memfdCreate(name, flags);
    return fd < 0 ? this.#fail('memfd_create', name, this.libc.errno()) : fd;
  }

  ftruncate(fd: Fd, size: bigint): void {
    const length = Number(size);
    invariant(Number.isSafeInteger(length), `size ${size} is beyond what Node can pass on`);
    this.#file('ftruncate', 'memfd', () => fs.ftruncateSync(fd, length));
  }

  setMemlockLimit(soft: bigint | null, hard: bigint | null): void {
    if (this.libc.setMemlockLimit(soft, hard) < 0) this.#fail('setrlimit', 'RLIMIT_MEMLOCK', this.libc.errno());
  }

  readlink(path: string): string {
    return this.#file('readlink', path, () => fs.readlinkSync(path));
  }

  readFile(path: string): string {
    return this.#file('read', path, () => fs.readFileSync(path, 'utf8'));
  }

  exists(path: string): boolean {
    return fs.existsSync(path);
  }

  stat(path: string): { readonly uid: number; readonly gid: number; readonly mode: number } {
    const { uid, gid, mode } = this.#file('stat', path, () => fs.statSync(path));
    return { uid, gid, mode: mode & 0o7777 };
  }

  chown(path: string, uid: number, gid: number): void {
    this.#file('chown', path, () => fs.chownSync(path, uid, gid));
  }

  chmod(path: string, mode: number): void {
    this.#file('chmod', path, () => fs.chmodSync(path, mode));
  }

  /** Neither creates nor truncates: sysfs acts on one write(2) of the whole text. */
  async writeFile(path: string, text: string): Promise<void> {
    if (MAY_BLOCK.test(path)) {
      this.#writer ??= new (await import('./blocking-writer.ts')).BlockingWriter();
      return this.#writer.write(path, text);
    }
    try {
      const file = await fs.promises.open(path, fs.constants.O_WRONLY);
      try {
        const { bytesWritten } = await file.write(Buffer.from(text, 'utf8'));
        if (bytesWritten < Buffer.byteLength(text)) throw kernelError('write', path, 'EIO');
      } finally {
        await file.close();
      }
    } catch (error) {
      throw asKernelError('write', path, error);
    }
  }

  async spawn(command: string, args: readonly string[]): Promise<{ readonly status: number; readonly stderr: string }> {
    const { runProgram } = await import('./run-program.ts');
    return runProgram(command, args);
  }

  sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, milliseconds));
  }

  #fail(call: string, target: string, errno: number): never {
    throw new KernelError(call, target, errnoName(errno), errno);
  }

  #file<T>(call: string, target: string, run: () => T): T {
    try {
      return run();
    } catch (error) {
      throw asKernelError(call, target, error);
    }
  }
}

/**
 * A position as Node takes it. Node reads and writes at the *current* position where it is given a negative number or,
 * for a write, anything but a number; what is too large for it no file of ours has.
 */
function positionOf(call: string, offset: bigint): number {
  if (offset < 0n || offset > BigInt(Number.MAX_SAFE_INTEGER)) throw kernelError(call, 'device', 'EINVAL');
  return Number(offset);
}

/** What Node throws for a system call, as ours; anything else is a mistake in this program and stays what it is. */
function asKernelError(call: string, target: string, error: unknown): unknown {
  const errno = (error as NodeJS.ErrnoException | null)?.errno;
  if (error instanceof KernelError || typeof errno !== 'number') return error;
  return new KernelError(call, target, errnoName(-errno), -errno);
}
