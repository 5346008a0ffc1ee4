import type { HostIndex, ReservedRegion, ResolvedVm } from '../../../model/index.ts';
import { groupIds } from './assignments.ts';
import { type Extent, apertures, extentOf, granuleOf } from './memory.ts';

/** A reserved region with the groups that have it. */
export interface Reservation {
  readonly region: ReservedRegion;
  readonly groups: readonly number[];
}

const byFirst = (a: Extent, b: Extent): number => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0);

/**
 * The reserved regions of every group of a VM, equal ones once, by first address. VFIO type1 passes over
 * `direct-relaxable` ones (vfio_iommu_resv_exclude() in drivers/vfio/vfio_iommu_type1.c).
 */
export function reservationsOf(vm: ResolvedVm, host: HostIndex): Reservation[] {
  const known = new Map<string, { region: ReservedRegion; groups: number[] }>();
  for (const id of groupIds(vm)) {
    for (const region of host.groups.get(id)?.reservedRegions ?? []) {
      if (region.type === 'direct-relaxable') continue;
      const key = `${region.first}-${region.last} ${region.type}`;
      const reservation = known.get(key);
      if (reservation) reservation.groups.push(id);
      else known.set(key, { region, groups: [id] });
    }
  }
  return [...known.values()].sort((a, b) => byFirst(a.region, b.region));
}

/** Finds what overlaps an extent among ranges sorted by first address, without looking at all of them. */
export function overlapFinder<T>(sorted: readonly T[], rangeOf: (item: T) => Extent): (extent: Extent) => T[] {
  // The furthest end among the ranges up to each one: behind it nothing earlier can reach.
  let furthest = -1n;
  const ends = sorted.map((item) => {
    const { last } = rangeOf(item);
    if (last > furthest) furthest = last;
    return furthest;
  });
  return ({ first, last }) => {
    const found: T[] = [];
    for (let at = countUpTo(sorted, rangeOf, last) - 1; at >= 0 && (ends[at] ?? -1n) >= first; at--) {
      const item = sorted[at];
      if (item !== undefined && rangeOf(item).last >= first) found.push(item);
    }
    return found.reverse();
  };
}

/** How many of the sorted ranges begin at `address` or below. */
function countUpTo<T>(sorted: readonly T[], rangeOf: (item: T) => Extent, address: bigint): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const item = sorted[middle];
    if (item !== undefined && rangeOf(item).first <= address) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The free place nearest to where entry `index` of a VM wants to be: clear of reserved regions and of the VM's other
 * entries, aligned, and within what the IOMMU translates. Undefined where there is none.
 */
export function nearestFree(
  vm: ResolvedVm,
  index: number,
  reservations: readonly Reservation[],
  host: HostIndex,
): bigint | undefined {
  const memory = vm.memory[index];
  if (!memory) return undefined;
  const granule = granuleOf(memory, host);
  const others = vm.memory.flatMap((other, at) => (at === index ? [] : (extentOf(other) ?? [])));
  const taken: Extent[] = [...reservations.map(({ region }) => region), ...others].sort(byFirst);
  const limit = apertures(host)?.narrowest.last ?? (1n << 64n) - 1n;
  let best: bigint | undefined;
  const offer = (gapFirst: bigint, gapLast: bigint) => {
    const lowest = roundUp(gapFirst, granule);
    const highest = roundDown(gapLast - memory.size + 1n, granule);
    if (gapLast < gapFirst || highest < lowest) return;
    const place = memory.iova < lowest ? lowest : memory.iova > highest ? highest : roundDown(memory.iova, granule);
    if (best === undefined || distance(place, memory.iova) < distance(best, memory.iova)) best = place;
  };
  let free = 0n;
  for (const { first, last } of taken) {
    if (first > free) offer(free, first - 1n < limit ? first - 1n : limit);
    if (last + 1n > free) free = last + 1n;
  }
  offer(free, limit);
  return best;
}

const distance = (a: bigint, b: bigint): bigint => (a > b ? a - b : b - a);
const roundUp = (value: bigint, unit: bigint): bigint => ((value + unit - 1n) / unit) * unit;
const roundDown = (value: bigint, unit: bigint): bigint => (value < 0n ? -1n : (value / unit) * unit);
