import type { HostInventory } from '../../../model/inventory.ts';
import type { MmapRequest } from '../port.ts';
import { HugePages } from './huge-pages.ts';
import type { SimulationOptions } from './options.ts';
import { OrderedRanges } from './ordered-ranges.ts';
import { refuse } from './refusal.ts';
import type { MemfdState } from './state.ts';

interface Area {
  readonly first: bigint;
  readonly last: bigint;
  /** Huge pages of its own; null for ordinary pages and for what a file backs. */
  readonly hugePageSize: bigint | null;
  readonly file: { readonly memfd: MemfdState; readonly offset: bigint } | null;
  /** What keeps the device open of which it is a part. */
  readonly hold: Hold | null;
}

/** A reference that a mapping has to an open file: each part that is left of it has one of its own. */
export interface Hold {
  take(): void;
  drop(): void;
}

/** Where mmap puts what it is asked for: downwards from here, as Linux does. */
const TOP = 0x7fff_0000_0000n;
const BOTTOM = 0x1000_0000n;

/** Whether a limit is above another; null is none. */
const exceeds = (limit: bigint | null, other: bigint | null): boolean =>
  other !== null && (limit === null || limit > other);

const roundUp = (value: bigint, unit: bigint): bigint => ((value + unit - 1n) / unit) * unit;

/** The memory of the process, the pools of huge pages, and what of it is pinned. */
export class AddressSpace {
  readonly pools: HugePages;
  readonly #areas = new OrderedRanges<Area>();
  readonly #pageSize: bigint;
  /** In bytes; null for none. */
  #soft: bigint | null;
  #hard: bigint | null;
  readonly #bound: boolean;
  readonly #mayRaise: boolean;
  #lockedPages = 0n;
  #next = TOP;

  /** @param pools those of the host, where another process of it has them already. */
  constructor(inventory: HostInventory, { state, hugePagesToFind }: SimulationOptions = {}, pools?: HugePages) {
    this.pools = pools ?? new HugePages(inventory.hugePages, state?.hugePages, hugePagesToFind);
    this.#pageSize = BigInt(inventory.kernel.pageSize);
    const { memlock, memlockHard, mayRaiseLimits, mayLockAnything } = inventory.limits;
    this.#soft = memlock;
    this.#hard = memlockHard === undefined ? memlock : memlockHard;
    this.#bound = !mayLockAnything;
    this.#mayRaise = mayRaiseLimits ?? false;
  }

  /** setrlimit(RLIMIT_MEMLOCK), as `do_prlimit` in kernel/sys.c tests it. */
  setLockLimit(soft: bigint | null, hard: bigint | null): void {
    if (exceeds(soft, hard)) refuse('EINVAL');
    if (exceeds(hard, this.#hard) && !this.#mayRaise) refuse('EPERM');
    this.#soft = soft;
    this.#hard = hard;
  }

  /** What setrlimit set, or the process began with. */
  get lockLimits(): { readonly soft: bigint | null; readonly hard: bigint | null } {
    return { soft: this.#soft, hard: this.#hard };
  }

  /** In pages; null for none. */
  get #lockLimit(): bigint | null {
    return this.#soft === null || !this.#bound ? null : this.#soft / this.#pageSize;
  }

  /** Pages charged to RLIMIT_MEMLOCK. */
  get lockedPages(): bigint {
    return this.#lockedPages;
  }

  get areas(): Iterable<{ readonly first: bigint; readonly last: bigint }> {
    return this.#areas;
  }

  createMemfd(hugePageSize: bigint | null): MemfdState {
    if (hugePageSize !== null && !this.pools.has(hugePageSize)) refuse('ENODEV');
    return { hugePageSize, size: 0n, reserved: 0n, refs: 1 };
  }

  truncate(memfd: MemfdState, size: bigint): void {
    const { hugePageSize } = memfd;
    if (size < 0n || (hugePageSize !== null && size % hugePageSize !== 0n)) refuse('EINVAL');
    memfd.size = size;
    if (hugePageSize !== null && memfd.reserved * hugePageSize > size) this.#reserve(memfd, size / hugePageSize);
  }

  /** The descriptor was closed, or a mapping went. */
  release(memfd: MemfdState): void {
    memfd.refs -= 1;
    if (memfd.refs === 0 && memfd.hugePageSize !== null) this.#reserve(memfd, 0n);
  }

  map(request: MmapRequest, memfd: MemfdState | null): bigint {
    if (request.length <= 0n) refuse('EINVAL');
    const pages = memfd ? memfd.hugePageSize : request.hugePageSize;
    if (!memfd && pages !== null && !this.pools.has(pages)) refuse('EINVAL');
    const unit = pages ?? this.#pageSize;
    const length = roundUp(request.length, unit);
    if (length >= TOP - BOTTOM) refuse('ENOMEM');
    if (pages !== null) this.#takeHuge(memfd, pages, length / pages);
    const first = this.#place(length, unit);
    if (memfd) memfd.refs += 1;
    const hugePageSize = memfd ? null : pages;
    const file = memfd && { memfd, offset: 0n };
    this.#areas.insert({ first, last: first + length - 1n, hugePageSize, file, hold: null });
    return first;
  }

  /** Maps a part of a device, which the device has allowed. */
  mapDevice(wanted: bigint, hold: Hold): bigint {
    const length = roundUp(wanted, this.#pageSize);
    const first = this.#place(length, this.#pageSize);
    hold.take();
    this.#areas.insert({ first, last: first + length - 1n, hugePageSize: null, file: null, hold });
    return first;
  }

  unmap(address: bigint, length: bigint): void {
    if (address % this.#pageSize !== 0n || length <= 0n || address < 0n) refuse('EINVAL');
    const end = address + roundUp(length, this.#pageSize);
    for (const edge of [address, end]) {
      const cut = this.#areas.overlap(edge, edge);
      const unit = cut && (cut.hugePageSize ?? cut.file?.memfd.hugePageSize);
      if (cut && unit && cut.first < edge && (edge - cut.first) % unit !== 0n) refuse('EINVAL');
    }
    for (let area = this.#areas.overlap(address, end - 1n); area; area = this.#areas.overlap(address, end - 1n)) {
      this.#carve(area, address, end);
    }
  }

  /**
   * Pins the pages from an address on, page by page: EFAULT at the first that is not there, ENOMEM at the first beyond
   * the limit (`vfio_pin_pages_remote`). Returns how many pages were charged.
   */
  pin(address: bigint, size: bigint): bigint {
    const pages = size / this.#pageSize;
    const there = this.#accessible(address, size) / this.#pageSize;
    const left = this.#lockLimit === null ? pages : this.#lockLimit - this.#lockedPages;
    if (left < there) refuse('ENOMEM');
    if (there < pages) refuse('EFAULT');
    this.#lockedPages += pages;
    return pages;
  }

  /** Charges pages that somebody else has looked at; false, and nothing charged, beyond the limit. */
  charge(pages: bigint): boolean {
    if (this.#lockLimit !== null && this.#lockedPages + pages > this.#lockLimit) return false;
    this.#lockedPages += pages;
    return true;
  }

  /** Whether there is memory from an address on, all of it in pages of at least that size. */
  holds(address: bigint, size: bigint, pageSize: bigint): boolean {
    if (this.#accessible(address, size) < size) return false;
    for (let at = address; at < address + size;) {
      const area = this.#areas.overlap(at, at);
      if (!area || (area.hugePageSize ?? area.file?.memfd.hugePageSize ?? this.#pageSize) < pageSize) return false;
      at = area.last + 1n;
    }
    return true;
  }

  unpin(pages: bigint): void {
    this.#lockedPages -= pages;
  }

  /** The process died: its memory goes. */
  clear(): void {
    for (const area of [...this.#areas]) this.#carve(area, area.first, area.last + 1n);
    this.#next = TOP;
  }

  /** How many bytes from an address on can be read and written, `size` at most. */
  #accessible(address: bigint, size: bigint): bigint {
    const end = address + size;
    let at = address;
    while (at < end) {
      const area = this.#areas.overlap(at, at);
      if (!area) break;
      const stop = area.file ? area.first + this.#backed(area.file.memfd, area.file.offset) : area.last + 1n;
      const reach = stop < area.last + 1n ? stop : area.last + 1n;
      if (reach <= at) break;
      at = reach;
    }
    return (at < end ? at : end) - address;
  }

  /** Bytes of a file from an offset to its end, in whole pages. */
  #backed(memfd: MemfdState, offset: bigint): bigint {
    const size = roundUp(memfd.size, memfd.hugePageSize ?? this.#pageSize);
    return size > offset ? size - offset : 0n;
  }

  #takeHuge(memfd: MemfdState | null, pageSize: bigint, pages: bigint): void {
    if (!memfd) {
      this.pools.take(pageSize, pages);
      return;
    }
    if (pages > memfd.reserved) this.#reserve(memfd, pages);
    // Mapping a file of huge pages beyond its end makes it longer (fs/hugetlbfs/inode.c).
    if (pages * pageSize > memfd.size) memfd.size = pages * pageSize;
  }

  #reserve(memfd: MemfdState, pages: bigint): void {
    const size = memfd.hugePageSize;
    if (size === null) return;
    if (pages > memfd.reserved) this.pools.take(size, pages - memfd.reserved);
    else this.pools.give(size, memfd.reserved - pages);
    memfd.reserved = pages;
  }

  #place(length: bigint, unit: bigint): bigint {
    let first = ((this.#next - length) / unit) * unit;
    if (first < BOTTOM) {
      // The way down is used up: begin again at the top and step over what is still there.
      first = ((TOP - length) / unit) * unit;
      for (let hit = this.#areas.overlap(first, first + length - 1n); hit;) {
        first = ((hit.first - length) / unit) * unit;
        if (first < BOTTOM) refuse('ENOMEM');
        hit = this.#areas.overlap(first, first + length - 1n);
      }
    }
    this.#next = first;
    return first;
  }

  /** Takes the part of an area that lies between two addresses away. */
  #carve(area: Area, address: bigint, end: bigint): void {
    this.#areas.delete(area.first);
    const from = area.first > address ? area.first : address;
    const to = area.last + 1n < end ? area.last + 1n : end;
    const keep = (first: bigint, after: bigint) => {
      if (after <= first) return;
      const file = area.file && { memfd: area.file.memfd, offset: area.file.offset + first - area.first };
      if (file) file.memfd.refs += 1;
      area.hold?.take();
      this.#areas.insert({ first, last: after - 1n, hugePageSize: area.hugePageSize, file, hold: area.hold });
    };
    keep(area.first, from);
    keep(to, area.last + 1n);
    if (area.hugePageSize !== null) this.pools.give(area.hugePageSize, (to - from) / area.hugePageSize);
    if (area.file) this.release(area.file.memfd);
    area.hold?.drop();
  }
}
