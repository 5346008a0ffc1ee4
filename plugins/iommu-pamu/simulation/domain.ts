import { bytes, iova } from 'vfio-compose/plugin';
import { ADDRESS_END, isPowerOfTwo, SECONDARY_ENTRIES, SMALLEST } from '../windows/hardware.ts';
import { type Layout, windowSize } from '../windows/layout.ts';

/** What a call of the PAMU's driver comes to: null is success. */
export type Outcome = 'EINVAL' | 'EBUSY' | 'ENODEV' | 'ENOSPC' | null;

/** What is in a window. */
export interface Content {
  readonly what: 'memory' | `bank ${number}`;
  readonly size: bigint;
}

/**
 * A domain of the PAMU, as its driver keeps it for the IOMMU API: geometry, windows, and whether DMA is let through. Tests
 * what it is asked for in the order of drivers/iommu/fsl_pamu_domain.c (Linux 3.12 to 5.12), and answers with its errnos,
 * but for a used-up second table: EINVAL there, ENOSPC here, so that it can be told from the rest.
 */
export class SimulatedDomain {
  /** Before any attribute is set: all of the address space, as many windows as there are, none of them there. */
  #geometry: Pick<Layout, 'first' | 'size'> = { first: iova(0n), size: bytes(ADDRESS_END) };
  #geometrySet = false;
  #count: number;
  #windows: (Content | null)[] | null = null;
  #enabled = false;

  constructor(
    private readonly maxWindows: number,
    /** LIODNs of what is attached now. */
    private readonly liodns: () => number,
  ) {
    this.#count = maxWindows;
  }

  /** Whether devices get through. */
  get isEnabled(): boolean {
    return this.#enabled;
  }

  /** What GET_ATTR answers. */
  get layout(): Layout {
    return { ...this.#geometry, windows: this.#count };
  }

  /** Windows in use, from the bottom up; empty where none are configured. */
  get contents(): readonly (Content | null)[] {
    return this.#windows ?? [];
  }

  setGeometry(first: bigint, last: bigint): Outcome {
    const size = BigInt.asUintN(64, last - first + 1n);
    if (!isPowerOfTwo(size) || size < SMALLEST || first % size !== 0n) return 'EINVAL';
    if (this.#enabled) return 'EBUSY';
    this.#geometry = { first: iova(first), size: bytes(size) };
    this.#geometrySet = true;
    return null;
  }

  setWindows(count: number): Outcome {
    if (this.#enabled) return 'EBUSY';
    if (!this.#geometrySet || count > this.maxWindows || !isPowerOfTwo(BigInt(count))) return 'EINVAL';
    if (this.#geometry.size / BigInt(count) < SMALLEST) return 'EINVAL';
    if (entriesOf(count, this.liodns()) > SECONDARY_ENTRIES) return 'ENOSPC';
    this.#count = count;
    this.#windows = Array.from({ length: count }, () => null);
    return null;
  }

  /** Puts something into a window (`fsl_pamu_window_enable`). */
  enableWindow(window: number, content: Content): Outcome {
    if (!this.#windows) return 'ENODEV';
    if (window < 0 || window >= this.#count || content.size > windowSize(this.layout)) return 'EINVAL';
    if (this.#count === 1 && this.#enabled) return 'EBUSY';
    if (this.#windows[window]) return 'EBUSY';
    if (!isPowerOfTwo(content.size) || content.size < SMALLEST) return 'EINVAL';
    this.#windows[window] = content;
    return null;
  }

  /** Empties a window. A single window takes DMA with it (`disable_domain_win`). */
  disableWindow(window: number): void {
    if (!this.#windows?.[window]) return;
    this.#windows[window] = null;
    if (this.#count === 1) this.#enabled = false;
  }

  /** Lets devices through, or not any more. */
  enable(on: boolean): Outcome {
    if (on && !this.contents.some((content) => content !== null)) return 'ENODEV';
    this.#enabled = on;
    return null;
  }

  /** Whether another LIODN has its windows too: a group that joins later gets those of the others. */
  attach(liodns: number): Outcome {
    return this.#windows && entriesOf(this.#count, liodns) > SECONDARY_ENTRIES ? 'ENOSPC' : null;
  }

  /** Everything goes. */
  reset(): void {
    this.#geometry = { first: iova(0n), size: bytes(ADDRESS_END) };
    this.#geometrySet = false;
    this.#count = this.maxWindows;
    this.#windows = null;
    this.#enabled = false;
  }
}

/** The first window is in the LIODN's own entry. */
const entriesOf = (windows: number, liodns: number): number => (windows - 1) * liodns;
