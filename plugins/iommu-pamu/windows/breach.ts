import { ADDRESS_END, isPowerOfTwo, SMALLEST, type Hardware } from './hardware.ts';
import { bankWindows, endOf, lastOfLayout, type Layout, type Region, windowSize } from './layout.ts';

/** Why a region cannot be mapped through windows of some size. */
export type RegionProblem =
  /** It does not begin where a window begins. */
  | 'boundary'
  /** What is left of it for the last window is not what a window can take. */
  | 'remainder'
  /** Its pages are smaller than a window: what is behind a window is one piece of physical memory. */
  | 'pages';

/** A law of the hardware that a layout breaks (R-PAMU-4). */
export type Breach =
  | { readonly kind: 'aperture-size' | 'aperture-start' | 'address-width' }
  | { readonly kind: 'window-count' | 'too-many-windows' | 'window-size' }
  | { readonly kind: 'outside' | RegionProblem; readonly region: number }
  /** The windows at the top are not free. */
  | { readonly kind: 'banks' };

/** What a layout is for. */
export interface Demand {
  readonly regions: readonly Region[];
  /** MSI banks to leave room for. */
  readonly banks: number;
  readonly hardware: Hardware;
}

/** What keeps a region from being mapped through windows of this size; null where nothing does. */
export function regionProblem(
  { iova, size, contiguous }: Region,
  window: bigint,
  { partial }: Pick<Hardware, 'partial'>,
): RegionProblem | null {
  if (iova % window !== 0n) return 'boundary';
  const remainder = size % window;
  if (remainder !== 0n && !(partial && remainder >= SMALLEST && isPowerOfTwo(remainder))) return 'remainder';
  return (size < window ? size : window) > contiguous ? 'pages' : null;
}

/** Everything that is wrong with a layout; empty for a legal one. Sources of the laws: README.md. */
export function breachesOf(layout: Layout, { regions, banks, hardware }: Demand): readonly Breach[] {
  const shape = shapeBreaches(layout, hardware);
  // Without windows there is nothing to hold memory against.
  if (shape.length > 0) return shape;
  const window = windowSize(layout);
  const inside = regions.map((region) => region.iova >= layout.first && endOf(region) - 1n <= lastOfLayout(layout));
  const ofRegions = regions.flatMap((region, index): Breach[] => {
    if (!inside[index]) return [{ kind: 'outside', region: index }];
    const problem = regionProblem(region, window, hardware);
    return problem ? [{ kind: problem, region: index }] : [];
  });
  return hasRoomForBanks(layout, regions, banks) ? ofRegions : [...ofRegions, { kind: 'banks' }];
}

function shapeBreaches({ first, size, windows }: Layout, { maxWindows }: Hardware): Breach[] {
  const breaches: Breach[] = [];
  if (!isPowerOfTwo(size) || size < SMALLEST) breaches.push({ kind: 'aperture-size' });
  else if (first % size !== 0n) breaches.push({ kind: 'aperture-start' });
  if (first + size > ADDRESS_END) breaches.push({ kind: 'address-width' });
  if (!isPowerOfTwo(BigInt(windows))) breaches.push({ kind: 'window-count' });
  else if (windows > maxWindows) breaches.push({ kind: 'too-many-windows' });
  else if (isPowerOfTwo(size) && size / BigInt(windows) < SMALLEST) breaches.push({ kind: 'window-size' });
  return breaches;
}

function hasRoomForBanks(layout: Layout, regions: readonly Region[], banks: number): boolean {
  if (banks > layout.windows) return false;
  const lowest = bankWindows(layout, banks).at(-1);
  return lowest === undefined || regions.every((region) => endOf(region) <= lowest.iova);
}
