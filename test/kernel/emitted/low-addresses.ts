import { DelegatingKernel, type PortCall } from '../../../src/runtime/kernel/delegate.ts';
import type { Fd, IoctlRequest, MmapRequest } from '../../../src/runtime/kernel/port.ts';
import { abiOf } from '../../../src/runtime/uapi/abi.ts';
import { DMA_MAP } from '../../../src/runtime/uapi/iommu-map-dma.ts';

/**
 * A simulated kernel as a process of 32 bits sees it: memory has addresses that fit, and the kernel behind gets its own
 * ones.
 */
export class LowAddresses extends DelegatingKernel {
  readonly #areas: { readonly low: bigint; readonly high: bigint; readonly length: bigint }[] = [];
  #next = 0x1000_0000n;

  override mmap(request: MmapRequest): bigint {
    const high = super.mmap(request);
    const low = this.#next;
    this.#next += request.length;
    this.#areas.push({ low, high, length: request.length });
    return low;
  }

  override munmap(address: bigint, length: bigint): void {
    super.munmap(this.#high(address), length);
  }

  override ioctl(fd: Fd, request: IoctlRequest, argument: Buffer | number | null): number {
    return super.ioctl(fd, request, this.#raised(request, argument));
  }

  override ioctlLong(fd: Fd, request: IoctlRequest, argument: Buffer | number | null): Promise<number> {
    return super.ioctlLong(fd, request, this.#raised(request, argument));
  }

  protected override now<T>(_call: PortCall, run: () => T): T {
    return run();
  }

  protected override later<T>(_call: PortCall, run: () => Promise<T>): Promise<T> {
    return run();
  }

  /** Nothing comes back in the argument of a mapping, so a copy will do. */
  #raised({ name }: IoctlRequest, argument: Buffer | number | null): Buffer | number | null {
    if (name !== 'VFIO_IOMMU_MAP_DMA' || !Buffer.isBuffer(argument)) return argument;
    const abi = abiOf(this.architecture);
    const raised = Buffer.from(argument);
    DMA_MAP.write(abi, raised, { vaddr: this.#high(DMA_MAP.read(abi, argument).vaddr) });
    return raised;
  }

  #high(address: bigint): bigint {
    const area = this.#areas.find(({ low, length }) => low <= address && address < low + length);
    return area ? area.high + (address - area.low) : address;
  }
}
