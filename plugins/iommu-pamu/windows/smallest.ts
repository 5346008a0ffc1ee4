import { bytes, iova, type Bytes } from 'vfio-compose/plugin';
import { type Demand, regionProblem } from './breach.ts';
import { ADDRESS_END, SMALLEST } from './hardware.ts';
import { endOf, type Layout } from './layout.ts';

/** Parts of a layout that are not to be chosen. */
export interface Pinned {
  readonly aperture?: Pick<Layout, 'first' | 'size'>;
  readonly windows?: number;
}

/** The powers of two from the smallest page to the whole of the address space. */
function sizes(): readonly Bytes[] {
  const list: Bytes[] = [];
  for (let size: bigint = SMALLEST; size <= ADDRESS_END; size <<= 1n) list.push(bytes(size));
  return list;
}

/**
 * The layout with the smallest aperture, and of those the one with the fewest windows; null where the demand cannot be met.
 * There are 25 sizes and, at each, as many counts of windows as the hardware has bits for; where an aperture of a size can
 * begin is given by the lowest address. So all of them are looked at, and the first that fits is the smallest.
 */
export function smallestLayout(demand: Demand, pinned: Pinned = {}): Layout | null {
  const { regions, banks, hardware } = demand;
  if (regions.length === 0) return null;
  const lowest = regions.reduce((least, region) => (region.iova < least ? region.iova : least), ADDRESS_END);
  const end = regions.reduce((most, region) => (endOf(region) > most ? endOf(region) : most), 0n);
  const usable = new Set<bigint>(
    sizes().filter((window) => regions.every((region) => regionProblem(region, window, hardware) === null)),
  );
  for (const { first, size } of apertures(lowest, pinned)) {
    if (first > lowest || first + size < end || first + size > ADDRESS_END) continue;
    for (const windows of counts(hardware.maxWindows, pinned)) {
      const window = size / BigInt(windows);
      if (!usable.has(window)) continue;
      // What memory takes from the bottom up, the gaps in it counted.
      const taken = (end - first + window - 1n) / window;
      if (taken + BigInt(banks) <= BigInt(windows)) return { first, size, windows };
    }
  }
  return null;
}

const apertures = (lowest: bigint, { aperture }: Pinned): readonly Pick<Layout, 'first' | 'size'>[] =>
  aperture ? [aperture] : sizes().map((size) => ({ first: iova((lowest / size) * size), size }));

function counts(maxWindows: number, { windows }: Pinned): readonly number[] {
  if (windows !== undefined) return windows > 0 ? [windows] : [];
  const list: number[] = [];
  for (let count = 1; count <= maxWindows; count *= 2) list.push(count);
  return list;
}
