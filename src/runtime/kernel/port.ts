/**
 * The one door to the kernel. Everything that a plan does goes through this interface, so that a recording, a
 * fault-injecting or a simulated kernel can stand in for the real one.
 *
 * Calls that cannot block for long are synchronous: a plan may hold tens of thousands of mappings. Calls that can block
 * (a driver's remove, pinning gigabytes, a child process) are asynchronous, so that signals are still served.
 *
 * Every method throws {@link KernelError} where the system call fails, and nothing else.
 */
export interface Kernel {
  /** As `uname -m` prints it: decides ioctl numbers and the layout of structs. */
  readonly architecture: string;

  open(path: string, flags: OpenFlags): Fd;
  close(fd: Fd): void;
  /** An ioctl whose argument is a struct (changed in place), a plain number, or nothing. Returns the call's result. */
  ioctl(fd: Fd, request: IoctlRequest, argument: Buffer | number | null): number;
  /** The same off the main thread, for calls that may take seconds. */
  ioctlLong(fd: Fd, request: IoctlRequest, argument: Buffer | number | null): Promise<number>;
  pread(fd: Fd, length: number, offset: bigint): Buffer;
  pwrite(fd: Fd, data: Buffer, offset: bigint): void;
  /** Maps memory readable and writable and returns its address. */
  mmap(request: MmapRequest): bigint;
  munmap(address: bigint, length: bigint): void;
  eventfd(): Fd;
  memfdCreate(name: string, hugePageSize: bigint | null): Fd;
  ftruncate(fd: Fd, size: bigint): void;
  /** Sets RLIMIT_MEMLOCK of this process, in bytes; null is no limit. */
  setMemlockLimit(soft: bigint | null, hard: bigint | null): void;

  readlink(path: string): string;
  readFile(path: string): string;
  exists(path: string): boolean;
  stat(path: string): { readonly uid: number; readonly gid: number; readonly mode: number };
  chown(path: string, uid: number, gid: number): void;
  chmod(path: string, mode: number): void;
  /** One write(2) of the text to an existing file, as sysfs wants it. May block as long as a driver's remove does. */
  writeFile(path: string, text: string): Promise<void>;
  /** Runs a program without a shell and waits for it. Never throws for its exit status. */
  spawn(command: string, args: readonly string[]): Promise<{ readonly status: number; readonly stderr: string }>;
  /** Lets time pass: real, or the simulated kernel's. */
  sleep(milliseconds: number): Promise<void>;
}

export type Fd = number;

export type OpenFlags = 'read' | 'read-write';

/** What an ioctl is sent to. The same number means different things on different kinds of descriptor. */
export type FdKind = 'container' | 'group' | 'device';

export interface IoctlRequest {
  /** The uapi constant, for errors and traces. */
  readonly name: string;
  readonly fdKind: FdKind;
  readonly number: number;
}

export interface MmapRequest {
  readonly length: bigint;
  /** Size of the huge pages to take (MAP_HUGETLB); null for ordinary pages. */
  readonly hugePageSize: bigint | null;
  /** The file to map, shared; null for private anonymous memory. */
  readonly fd: Fd | null;
  /** Where in a device's file to begin: in one of its regions, in whole pages. Left out is 0, the beginning of a memfd. */
  readonly offset?: bigint;
}

/** A system call that failed. Keeps what is needed to explain it: the call, what it was about, the errno by name. */
export class KernelError extends Error {
  override readonly name = 'KernelError';

  constructor(
    /** `open`, `write`, or the name of an ioctl. */
    readonly call: string,
    /** The path, or the kind of descriptor, that it was about. */
    readonly target: string,
    /** The errno by name: `EBUSY`. */
    readonly code: string,
    readonly errno: number,
  ) {
    super(`${call} ${target}: ${code}`);
  }
}
