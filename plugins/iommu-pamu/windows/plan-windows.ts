import { bytes, type Bytes, iova } from 'vfio-compose/plugin';
import { type Breach, breachesOf, type Demand } from './breach.ts';
import { ADDRESS_END, powerOfTwoFrom, SMALLEST } from './hardware.ts';
import { endOf, type Layout } from './layout.ts';
import { type Pinned, smallestLayout } from './smallest.ts';

/** Why there is no layout, with what would help. */
export type Shortfall =
  /** Memory that is not in pages at all: said by the laws of every IOMMU. */
  | { readonly kind: 'not-in-pages' }
  | { readonly kind: 'address-width'; readonly region: number }
  /** With pages of at least this size there would be this one. */
  | { readonly kind: 'pages'; readonly atLeast: Bytes; readonly instead: Layout }
  /** Without room for banks there would be this one. */
  | { readonly kind: 'banks'; readonly without: Layout }
  /** It would take this one, of more windows than the hardware has. */
  | { readonly kind: 'windows'; readonly needed: Layout }
  /** What was pinned does not work; what would, where anything does. */
  | {
      readonly kind: 'pinned';
      readonly tried: Layout;
      readonly breaches: readonly Breach[];
      readonly instead: Layout | null;
    };

export type WindowPlan =
  | { readonly layout: Layout; readonly shortfall?: undefined }
  | { readonly layout?: undefined; readonly shortfall: Shortfall };

/** More windows than any aperture can have. */
const NO_LIMIT = Number(ADDRESS_END / SMALLEST);

/**
 * The aperture and its windows for a demand: the smallest, or what is pinned, if that is legal (R-PAMU-2, R-PAMU-4). There
 * must be a region.
 */
export function planWindows(demand: Demand, pinned: Pinned = {}): WindowPlan {
  const inPages = demand.regions.every(({ iova: at, size }) => size > 0n && (at | size) % SMALLEST === 0n);
  if (!inPages) return { shortfall: { kind: 'not-in-pages' } };
  const free = smallestLayout(demand);
  if (pinned.aperture === undefined && pinned.windows === undefined) {
    return free ? { layout: free } : { shortfall: whyNone(demand) };
  }
  const tried = candidate(demand, pinned, free);
  const breaches = breachesOf(tried, demand);
  if (breaches.length === 0) return { layout: tried };
  return { shortfall: { kind: 'pinned', tried, breaches, instead: free } };
}

/** The best layout with what is pinned; where none is legal, the one that shows what is wrong. */
function candidate(demand: Demand, pinned: Pinned, free: Layout | null): Layout {
  const found = smallestLayout(demand, pinned);
  if (found) return found;
  const aperture = pinned.aperture ?? (free ? { first: free.first, size: free.size } : around(demand));
  return { ...aperture, windows: pinned.windows ?? demand.hardware.maxWindows };
}

/** The smallest aperture with all memory inside, whatever else. */
function around({ regions }: Demand): Pick<Layout, 'first' | 'size'> {
  const lowest = regions.reduce((least, region) => (region.iova < least ? region.iova : least), ADDRESS_END);
  const end = regions.reduce((most, region) => (endOf(region) > most ? endOf(region) : most), 0n);
  let size = powerOfTwoFrom(end - lowest > SMALLEST ? end - lowest : SMALLEST);
  while ((lowest / size) * size + size < end) size <<= 1n;
  return { first: iova((lowest / size) * size), size: bytes(size) };
}

function whyNone(demand: Demand): Shortfall {
  const beyond = demand.regions.findIndex((region) => endOf(region) > ADDRESS_END);
  if (beyond >= 0) return { kind: 'address-width', region: beyond };
  const pages = withLargerPages(demand);
  if (pages) return pages;
  const without = smallestLayout({ ...demand, banks: 0 });
  if (without) return { kind: 'banks', without };
  const hardware = { ...demand.hardware, maxWindows: NO_LIMIT };
  const needed = smallestLayout({ ...demand, hardware }) ?? smallestLayout({ ...demand, hardware, banks: 0 });
  // Windows of the smallest page fit everything that is in pages.
  return needed ? { kind: 'windows', needed } : { kind: 'not-in-pages' };
}

/** The smallest pages with which there is a layout. */
function withLargerPages(demand: Demand): Shortfall | null {
  for (let size: bigint = SMALLEST; size <= ADDRESS_END; size <<= 1n) {
    const atLeast = bytes(size);
    const regions = demand.regions.map((region) =>
      region.contiguous < size ? { ...region, contiguous: atLeast } : region,
    );
    const instead = smallestLayout({ ...demand, regions });
    if (instead) return { kind: 'pages', atLeast, instead };
  }
  return null;
}
