import { formatBytes } from '../../model/address.ts';
import type { Fd, IoctlRequest, Kernel, MmapRequest, OpenFlags } from './port.ts';

/** One call of the port, as a wrapper sees it before it happens. */
export interface PortCall {
  /** The method, or the name of the ioctl. */
  readonly name: string;
  /** What it is about, as a failure would name it: a path, or a kind of descriptor. */
  readonly target: string;
  /** What the caller passed, ready for printing: text, numbers, addresses and buffers. */
  readonly args: readonly unknown[];
}

/** What the failure of an mmap is about. */
export function mmapTarget({ hugePageSize, offset }: MmapRequest): string {
  if (offset !== undefined) return `device at 0x${offset.toString(16)}`;
  return hugePageSize === null ? 'memory' : `huge pages of ${formatBytes(hugePageSize)}`;
}

/**
 * A kernel that passes every call on to another one through two hooks, one for calls that return at once and one for
 * calls that take their time. What a wrapper adds, it adds there, once.
 */
export abstract class DelegatingKernel implements Kernel {
  constructor(protected readonly inner: Kernel) {}

  protected abstract now<T>(call: PortCall, run: () => T): T;
  protected abstract later<T>(call: PortCall, run: () => Promise<T>): Promise<T>;

  get architecture(): string {
    return this.inner.architecture;
  }

  open(path: string, flags: OpenFlags): Fd {
    return this.now({ name: 'open', target: path, args: [path, flags] }, () => this.inner.open(path, flags));
  }
  close(fd: Fd): void {
    this.now({ name: 'close', target: 'fd', args: [fd] }, () => this.inner.close(fd));
  }
  ioctl(fd: Fd, request: IoctlRequest, argument: Buffer | number | null): number {
    return this.now({ name: request.name, target: request.fdKind, args: [fd, argument] }, () =>
      this.inner.ioctl(fd, request, argument),
    );
  }
  ioctlLong(fd: Fd, request: IoctlRequest, argument: Buffer | number | null): Promise<number> {
    return this.later({ name: request.name, target: request.fdKind, args: [fd, argument] }, () =>
      this.inner.ioctlLong(fd, request, argument),
    );
  }
  pread(fd: Fd, length: number, offset: bigint): Buffer {
    return this.now({ name: 'pread', target: 'device', args: [fd, length, offset] }, () =>
      this.inner.pread(fd, length, offset),
    );
  }
  pwrite(fd: Fd, data: Buffer, offset: bigint): void {
    this.now({ name: 'pwrite', target: 'device', args: [fd, data, offset] }, () => this.inner.pwrite(fd, data, offset));
  }
  mmap(request: MmapRequest): bigint {
    return this.now({ name: 'mmap', target: mmapTarget(request), args: mmapArguments(request) }, () =>
      this.inner.mmap(request),
    );
  }
  munmap(address: bigint, length: bigint): void {
    this.now({ name: 'munmap', target: 'memory', args: [address, length] }, () => this.inner.munmap(address, length));
  }
  eventfd(): Fd {
    return this.now({ name: 'eventfd', target: 'eventfd', args: [] }, () => this.inner.eventfd());
  }
  memfdCreate(name: string, hugePageSize: bigint | null): Fd {
    return this.now({ name: 'memfd_create', target: name, args: [name, hugePageSize] }, () =>
      this.inner.memfdCreate(name, hugePageSize),
    );
  }
  ftruncate(fd: Fd, size: bigint): void {
    this.now({ name: 'ftruncate', target: 'memfd', args: [fd, size] }, () => this.inner.ftruncate(fd, size));
  }
  setMemlockLimit(soft: bigint | null, hard: bigint | null): void {
    this.now({ name: 'setrlimit', target: 'RLIMIT_MEMLOCK', args: [soft, hard] }, () =>
      this.inner.setMemlockLimit(soft, hard),
    );
  }
  readlink(path: string): string {
    return this.now({ name: 'readlink', target: path, args: [path] }, () => this.inner.readlink(path));
  }
  readFile(path: string): string {
    return this.now({ name: 'read', target: path, args: [path] }, () => this.inner.readFile(path));
  }
  exists(path: string): boolean {
    return this.now({ name: 'exists', target: path, args: [path] }, () => this.inner.exists(path));
  }
  stat(path: string): { readonly uid: number; readonly gid: number; readonly mode: number } {
    return this.now({ name: 'stat', target: path, args: [path] }, () => this.inner.stat(path));
  }
  chown(path: string, uid: number, gid: number): void {
    this.now({ name: 'chown', target: path, args: [path, uid, gid] }, () => this.inner.chown(path, uid, gid));
  }
  chmod(path: string, mode: number): void {
    this.now({ name: 'chmod', target: path, args: [path, `0${mode.toString(8)}`] }, () => this.inner.chmod(path, mode));
  }
  writeFile(path: string, text: string): Promise<void> {
    return this.later({ name: 'write', target: path, args: [path, text] }, () => this.inner.writeFile(path, text));
  }
  spawn(command: string, args: readonly string[]): Promise<{ readonly status: number; readonly stderr: string }> {
    return this.later({ name: 'spawn', target: command, args: [command, ...args] }, () =>
      this.inner.spawn(command, args),
    );
  }
  sleep(milliseconds: number): Promise<void> {
    return this.later({ name: 'sleep', target: 'time', args: [milliseconds] }, () => this.inner.sleep(milliseconds));
  }
}

const mmapArguments = ({ length, hugePageSize, fd, offset }: MmapRequest): readonly unknown[] =>
  offset === undefined ? [length, hugePageSize, fd] : [length, hugePageSize, fd, offset];
