import type { AddressSpace } from './address-space.ts';
import type { SimHost } from './host.ts';
import { contains, excluded, without, type Range } from './iova-space.ts';
import { hasIsolatedMsi } from './isolated-msi.ts';
import { OrderedRanges, type Occupied } from './ordered-ranges.ts';
import { refuse } from './refusal.ts';
import type { SimGroup } from './state.ts';

export interface Mapping extends Occupied {
  readonly pages: bigint;
  /** Its address was taken back (UNMAP with the VADDR flag) and waits for a new one. */
  addressGone: boolean;
}

export interface MapRequest {
  readonly vaddr: bigint;
  readonly iova: bigint;
  readonly size: bigint;
  readonly access: number;
  readonly updatesAddress: boolean;
}

export interface UnmapRequest {
  readonly iova: bigint;
  readonly size: bigint;
  readonly all: boolean;
  readonly takesAddress: boolean;
}

const U64_END = 1n << 64n;

/** Page sizes of the IOMMU for a CPU page size: Intel's and the SMMU's with that granule. */
const PAGE_SIZES: Readonly<Record<string, bigint>> = {
  '4096': (1n << 12n) | (1n << 21n) | (1n << 30n),
  '16384': (1n << 14n) | (1n << 25n),
  '65536': (1n << 16n) | (1n << 29n),
};

/** AMD's: every power of two from 4 KiB up but 512 GiB (drivers/iommu/amd, `AMD_IOMMU_PGSIZES`). */
const AMD_PAGE_SIZES = 0xffff_ff7f_ffff_f000n;

/** Address widths where sysfs does not show them. AMD's tables grow to 64 bits. */
const USUAL_BITS: Readonly<Record<string, number>> = { 'smmu-v3': 48, 'smmu-v2': 48, intel: 48 };

/**
 * The address space of a container with the type 1 IOMMU (drivers/vfio/vfio_iommu_type1.c): its mappings, and where
 * they may lie. Tests what it is asked for in the kernel's order.
 */
export class Type1 {
  readonly pageSizes: bigint;
  readonly mappings = new OrderedRanges<Mapping>();
  /** Mappings that the container still takes. */
  available: number;
  readonly #groups = new Set<SimGroup>();
  readonly #aperture: Range;
  #ranges: readonly Range[];
  #released = false;

  constructor(
    private readonly host: SimHost,
    private readonly memory: AddressSpace,
    /** Type 1 version 2: an unmap may not cut a mapping. */
    readonly v2: boolean,
  ) {
    const { units } = host.inventory.iommu;
    const amd = units.some(({ kind }) => kind === 'amd') && host.pageSize === 4096n;
    this.pageSizes = amd ? AMD_PAGE_SIZES : (PAGE_SIZES[String(host.pageSize)] ?? host.pageSize);
    this.available = Number(host.modules.parameter('vfio_iommu_type1', 'dma_entry_limit') ?? 65_535);
    const bits = units.map(({ addressBits, kind }) => addressBits ?? USUAL_BITS[kind] ?? 64);
    this.#aperture = { first: 0n, last: (1n << BigInt(Math.min(64, ...bits))) - 1n };
    this.#ranges = [this.#aperture];
  }

  /** Where mappings may lie: the aperture without the reserved regions of every group. */
  get ranges(): readonly Range[] {
    return this.#ranges;
  }

  /** What VFIO_CHECK_EXTENSION says of enforced cache coherency: AMD's IOMMU has it, others by platform. */
  get enforcesCoherency(): boolean {
    return this.host.inventory.iommu.units.some(({ kind }) => kind === 'amd');
  }

  attach(group: SimGroup): void {
    const { behaviour, inventory, modules } = this.host;
    const { reservedRegions } = group.info;
    if (!behaviour.directRegionsRefuseOwner && reservedRegions.some((region) => region.type === 'direct')) {
      if (inventory.iommu.units.some((unit) => unit.kind === 'intel')) refuse('EPERM');
    }
    const holes = excluded(group.info);
    if (holes.some(({ first, last }) => this.mappings.overlap(first, last))) refuse('EINVAL');
    const unsafe = modules.parameter('vfio_iommu_type1', 'allow_unsafe_interrupts') === 'Y';
    if (!unsafe && !group.members.every((device) => hasIsolatedMsi(this.host, device))) refuse('EPERM');
    this.#groups.add(group);
    this.#ranges = holes.reduce(without, this.#ranges);
  }

  detach(group: SimGroup): void {
    this.#groups.delete(group);
    this.#ranges = [this.#aperture];
    const seen = new Set<string>();
    for (const other of this.#groups) {
      for (const hole of excluded(other.info)) {
        const key = `${hole.first}-${hole.last}`;
        if (seen.has(key)) continue;
        seen.add(key);
        this.#ranges = without(this.#ranges, hole);
      }
    }
  }

  /** Nobody uses it any more. */
  get isReleased(): boolean {
    return this.#released;
  }

  release(): void {
    this.#released = true;
    for (const mapping of this.mappings) this.memory.unpin(mapping.pages);
    this.mappings.clear();
  }

  map({ vaddr, iova, size, access, updatesAddress }: MapRequest): void {
    const wraps = iova + size > U64_END || vaddr + size > U64_END;
    const { wrap } = this.host.behaviour;
    if (wrap === 'EOVERFLOW') {
      if (size === 0n) refuse('EINVAL');
      if (wraps) refuse('EOVERFLOW');
    }
    if (updatesAddress ? access !== 0 : access === 0) refuse('EINVAL');
    if (size === 0n || ((size | iova | vaddr) & (this.host.pageSize - 1n)) !== 0n || wraps) refuse('EINVAL');
    const last = iova + size - 1n;
    const present = this.mappings.overlap(iova, last);
    if (updatesAddress) {
      if (!present) refuse('ENOENT');
      if (!present.addressGone || present.first !== iova || present.last !== last) refuse('EINVAL');
      present.addressGone = false;
      return;
    }
    if (present) refuse('EEXIST');
    if (this.available === 0) refuse('ENOSPC');
    if (!contains(this.#ranges, iova, last)) refuse('EINVAL');
    const pages = this.memory.pin(vaddr, size);
    this.available -= 1;
    this.mappings.insert({ first: iova, last, pages, addressGone: false });
  }

  /** Returns how many bytes were mapped in the range. */
  unmap({ iova, size, all, takesAddress }: UnmapRequest): bigint {
    const unit = this.host.pageSize - 1n;
    if ((iova & unit) !== 0n) refuse('EINVAL');
    if (all ? size !== 0n || iova !== 0n : size === 0n || (size & unit) !== 0n) refuse('EINVAL');
    const last = all ? U64_END - 1n : iova + size - 1n;
    if (last >= U64_END) refuse(this.host.behaviour.wrap);
    if (this.v2 && !all) {
      const left = this.mappings.overlap(iova, iova);
      if (left && left.first !== iova) refuse('EINVAL');
      const right = this.mappings.overlap(last, last);
      if (right && right.last !== last) refuse('EINVAL');
    }
    // Kernels that add iova and size get 0 for a range that reaches the end, and find no mapping before that.
    if (!all && last === U64_END - 1n && this.host.behaviour.wrap === 'EINVAL') return 0n;
    return takesAddress ? this.#takeAddresses(iova, last) : this.#remove(iova, last);
  }

  #remove(first: bigint, last: bigint): bigint {
    let bytes = 0n;
    for (let mapping = this.mappings.overlap(first, last); mapping; mapping = this.mappings.overlap(first, last)) {
      // Version 1: a mapping that begins before the range stays, one that begins in it goes as a whole.
      if (!this.v2 && first > mapping.first) break;
      bytes += mapping.last - mapping.first + 1n;
      this.mappings.delete(mapping.first);
      this.memory.unpin(mapping.pages);
      this.available += 1;
    }
    return bytes;
  }

  /** All or none: one that is gone already fails the call, and the others get theirs back. */
  #takeAddresses(first: bigint, last: bigint): bigint {
    const taken: Mapping[] = [];
    let bytes = 0n;
    for (let mapping = this.mappings.overlap(first, last); mapping;) {
      if (!this.v2 && first > mapping.first) break;
      if (mapping.addressGone) {
        for (const other of taken) other.addressGone = false;
        refuse('EINVAL');
      }
      mapping.addressGone = true;
      taken.push(mapping);
      bytes += mapping.last - mapping.first + 1n;
      if (mapping.last >= last) break;
      mapping = this.mappings.overlap(mapping.last + 1n, last);
    }
    return bytes;
  }
}
