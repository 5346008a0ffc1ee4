import { type Extent, U64_MAX } from './address.ts';
import { apertures, extentOf, granuleOf } from './extent.ts';
import type { HostIndex, ReservedRegion } from './inventory.ts';
import { groupIds, type ResolvedVm } from './resolved.ts';

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

/** A mapping over thousands of regions is wrong like one over a few. */
const MOST_FOUND = 64;

/** Finds what overlaps an extent (the highest, if very many) among ranges sorted by first address, without looking at all of them. */
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
    const from = countUpTo(sorted, rangeOf, last) - 1;
    for (let at = from; at >= 0 && found.length < MOST_FOUND && (ends[at] ?? -1n) >= first; at--) {
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
 * Finds the free place nearest to where an entry of a VM wants to be: clear of reserved regions and of the VM's other
 * entries, aligned, and within what every IOMMU unit translates. Undefined where there is none.
 */
export function placeFinder(
  vm: ResolvedVm,
  reservations: readonly Reservation[],
  host: HostIndex,
): (index: number) => bigint | undefined {
  const entries = vm.memory.flatMap((memory, index) => {
    const extent = extentOf(memory);
    return extent ? [{ ...extent, index }] : [];
  });
  const taken = [...reservations.map(({ region: { first, last } }) => ({ first, last, index: -1 })), ...entries].sort(
    byFirst,
  );
  const limit = apertures(host)?.narrowest.last ?? U64_MAX;
  return (index) => {
    const memory = vm.memory[index];
    if (!memory) return undefined;
    const granule = granuleOf(memory, host);
    let best: bigint | undefined;
    const offer = (first: bigint, last: bigint) => {
      const place = placeIn({ first, last: last < limit ? last : limit }, memory.iova, memory.size, granule);
      if (place === undefined) return;
      if (best === undefined || distance(place, memory.iova) < distance(best, memory.iova)) best = place;
    };
    let free = 0n;
    for (const { first, last, index: other } of taken) {
      if (other === index) continue;
      if (first > free) offer(free, first - 1n);
      if (last >= free) free = last + 1n;
    }
    offer(free, U64_MAX);
    return best;
  };
}

/** The aligned address in a gap that is nearest to `wanted` and leaves room for `size` bytes. */
function placeIn(gap: Extent, wanted: bigint, size: bigint, granule: bigint): bigint | undefined {
  const lowest = roundUp(gap.first, granule);
  const room = gap.last - size + 1n;
  if (room < lowest) return undefined;
  const highest = roundDown(room, granule);
  return wanted < lowest ? lowest : wanted > highest ? highest : roundDown(wanted, granule);
}

const distance = (a: bigint, b: bigint): bigint => (a > b ? a - b : b - a);
const roundUp = (value: bigint, unit: bigint): bigint => ((value + unit - 1n) / unit) * unit;
const roundDown = (value: bigint, unit: bigint): bigint => (value / unit) * unit;
