import type { SimulatedProcess } from 'vfio-compose/plugin';
import { isPowerOfTwo } from '../windows/hardware.ts';
import { windowSize } from '../windows/layout.ts';
import type { SimulatedDomain } from './domain.ts';

/** Memory of the process that devices reach. */
interface Mapped {
  readonly iova: bigint;
  readonly size: bigint;
}

export interface MapRequest {
  readonly vaddr: bigint;
  readonly iova: bigint;
  readonly size: bigint;
  readonly access: number;
}

const PAGE = 4096n;

/**
 * The memory of a container behind a PAMU, window by window (`vfio_dma_do_map` and `__vfio_dma_map` of
 * drivers/vfio/vfio_iommu_fsl_pamu.c).
 */
export class MemoryMap {
  #mapped: readonly Mapped[] = [];

  constructor(
    private readonly domain: SimulatedDomain,
    private readonly process: SimulatedProcess,
    /** Whether a mapping may be smaller than its window. Where not, the driver leaves out what does not fill one. */
    private readonly partial: boolean,
  ) {}

  get isEmpty(): boolean {
    return this.#mapped.length === 0;
  }

  /** An errno by name, or null. */
  map(request: MapRequest): string | null {
    const { vaddr, iova, size, access } = request;
    if (access === 0 || iova + size >= 1n << 64n || vaddr + size >= 1n << 64n || size < PAGE) return 'EINVAL';
    if (this.#mapped.some((one) => one.iova < iova + size && iova < one.iova + one.size)) return 'EBUSY';
    if (!this.process.lock(size)) return 'ENOMEM';
    const errno = this.#fill(request);
    if (errno === null) this.#mapped = [...this.#mapped, { iova, size }];
    else this.process.unlock(size);
    return errno;
  }

  /** Takes away what lies in a range, in whole mappings. */
  unmap(iova: bigint, size: bigint): void {
    const goes = ({ iova: at, size: length }: Mapped): boolean => at < iova + size && iova < at + length;
    for (const one of this.#mapped.filter(goes)) {
      this.#empty(one);
      this.process.unlock(one.size);
    }
    this.#mapped = this.#mapped.filter((one) => !goes(one));
  }

  clear(): void {
    this.unmap(0n, 1n << 64n);
  }

  /** All of it or nothing. */
  #fill({ vaddr, iova, size }: MapRequest): string | null {
    const window = windowSize(this.domain.layout);
    let done = 0n;
    for (const piece of this.#pieces(size, window)) {
      const errno = this.#fillWindow(vaddr + done, iova + done, piece);
      if (errno !== null) {
        this.#empty({ iova, size: done });
        return errno;
      }
      done += piece;
    }
    return null;
  }

  #pieces(size: bigint, window: bigint): bigint[] {
    const whole = Array.from({ length: Number(size / window) }, () => window);
    return this.partial && size % window !== 0n ? [...whole, size % window] : whole;
  }

  #fillWindow(vaddr: bigint, iova: bigint, size: bigint): string | null {
    const { first } = this.domain.layout;
    const window = windowSize(this.domain.layout);
    if (iova < first || (iova - first) % window !== 0n) return 'EINVAL';
    // One piece of physical memory, at a multiple of its size: user space has such only inside a page. Of what is no power
    // of two the windows say the rest.
    if ((isPowerOfTwo(size) && vaddr % size !== 0n) || !this.process.hasMemory(vaddr, size, size)) return 'EFAULT';
    return this.domain.enableWindow(Number((iova - first) / window), { what: 'memory', size });
  }

  #empty({ iova, size }: Mapped): void {
    const { first } = this.domain.layout;
    const window = windowSize(this.domain.layout);
    for (let at = iova; at < iova + size; at += window) this.domain.disableWindow(Number((at - first) / window));
  }
}
