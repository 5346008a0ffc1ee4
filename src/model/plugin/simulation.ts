/**
 * The registers of a device, as a simulated kernel has them. Offsets count from the start of the region; values are what a
 * little-endian register of that width holds.
 */
export interface RegisterModel {
  read(region: number, offset: bigint, width: number): bigint;
  write(region: number, offset: bigint, width: number, value: bigint): void;
  /** The device was reset by the kernel: by request, when it was opened, or when it was closed. Of a platform device: by its handler. */
  reset(): void;
}

/** What a simulated IOMMU may ask of the process whose container it is behind. */
export interface SimulatedProcess {
  /** As `uname -m` prints it. */
  readonly architecture: string;
  readonly littleEndian: boolean;
  /** Whether `size` bytes from `vaddr` are memory of the process; with a page size, whether in huge pages of at least that. */
  hasMemory(vaddr: bigint, size: bigint, pageSize?: bigint): boolean;
  /** Charges bytes to RLIMIT_MEMLOCK, in whole pages; false, and nothing charged, where the limit is in the way. */
  lock(size: bigint): boolean;
  /** Gives back what was charged. */
  unlock(size: bigint): void;
}

/** What an ioctl comes to: what the call returns, or the name of its errno. */
export type SimulatedAnswer = number | { readonly errno: string };

/** What VFIO_SET_IOMMU puts behind a container of a simulated kernel, for an IOMMU that the kernel model does not know. */
export interface SimulatedIommu {
  /** A group is attached: when the model is set, and when one joins later. An errno by name refuses it; null takes it. */
  attach(group: number): string | null;
  detach(group: number): void;
  /** The last group left: every mapping goes. */
  release(): void;
  /** What VFIO_CHECK_EXTENSION answers while this is the container's model. */
  checkExtension(extension: number): number;
  /**
   * An ioctl of the container. `number` counts from VFIO_BASE; the argument is in the byte order of the host and may be
   * changed. Undefined for one that it does not know, which the kernel answers with ENOTTY.
   */
  ioctl(number: number, argument: DataView | number | null): SimulatedAnswer | undefined;
}
