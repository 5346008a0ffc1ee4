import { bytes, iova } from 'vfio-compose/plugin';
import { expect, test } from 'vitest';
import type { Demand } from './breach.ts';
import type { Layout, Region } from './layout.ts';
import { smallestLayout } from './smallest.ts';

/** A page of the oracle, which counts in pages and knows nothing of ours. */
const PAGE = 4096n;
const PAGES_OF_MEMORY = 7;
const LARGEST_APERTURE = 64;

interface Piece {
  readonly from: number;
  readonly pages: number;
}

interface Case {
  readonly pieces: readonly Piece[];
  readonly banks: number;
  readonly partial: boolean;
  readonly contiguous: number;
  readonly maxWindows: number;
}

const isPower = (value: number): boolean => Number.isInteger(Math.log2(value));

/** The rules of README.md, window by window: what a window holds is drawn, and looked at. */
function legal({ pieces, banks, partial, contiguous }: Case, from: number, pages: number, windows: number): boolean {
  if (!isPower(pages) || from % pages !== 0 || !isPower(windows) || pages % windows !== 0) return false;
  const window = pages / windows;
  const holds: string[] = Array.from({ length: windows }, () => 'nothing');
  for (const piece of pieces) {
    if (piece.from < from || piece.from + piece.pages > from + pages) return false;
    for (let at = piece.from; at < piece.from + piece.pages; at += window) {
      if ((at - from) % window !== 0) return false;
      const index = (at - from) / window;
      const mapped = Math.min(window, piece.from + piece.pages - at);
      if (holds[index] !== 'nothing' || mapped > contiguous) return false;
      if (mapped < window && !(partial && isPower(mapped))) return false;
      holds[index] = 'memory';
    }
  }
  return holds.slice(windows - Math.min(banks, windows)).every((held) => held === 'nothing') && banks <= windows;
}

/** Every start, size and count that there is, in the order of what is wanted: small, then few windows. */
function exhaustive(wanted: Case): string | null {
  for (let pages = 1; pages <= LARGEST_APERTURE; pages += 1) {
    for (let windows = 1; windows <= wanted.maxWindows; windows += 1) {
      for (let from = 0; from < PAGES_OF_MEMORY; from += 1) {
        if (legal(wanted, from, pages, windows)) return `${from}+${pages}/${windows}`;
      }
    }
  }
  return null;
}

const asText = (layout: Layout | null): string | null =>
  layout && `${layout.first / PAGE}+${layout.size / PAGE}/${layout.windows}`;

const demandOf = ({ pieces, banks, partial, contiguous, maxWindows }: Case): Demand => ({
  regions: pieces.map(({ from, pages }): Region => ({
    iova: iova(BigInt(from) * PAGE),
    size: bytes(BigInt(pages) * PAGE),
    contiguous: bytes(BigInt(contiguous) * PAGE),
  })),
  banks,
  hardware: { maxWindows, partial },
});

/** One region, and every pair of regions, within a few pages. */
function everyMemory(): Piece[][] {
  const single: Piece[] = [];
  for (let from = 0; from < PAGES_OF_MEMORY; from += 1) {
    for (let pages = 1; from + pages <= PAGES_OF_MEMORY; pages += 1) single.push({ from, pages });
  }
  const pairs = single.flatMap((a) => single.filter((b) => b.from >= a.from + a.pages).map((b) => [b, a]));
  return [...single.map((piece) => [piece]), ...pairs];
}

test('R-PAMU-4: no aperture is smaller than the planned one, and none of its size has fewer windows', () => {
  let seen = 0;
  let met = 0;
  for (const pieces of everyMemory()) {
    for (const banks of [0, 1, 3]) {
      for (const [partial, contiguous, maxWindows] of [
        [true, 64, 8],
        [false, 64, 8],
        [true, 2, 8],
        [true, 1, 16],
      ] as const) {
        const wanted: Case = { pieces, banks, partial, contiguous, maxWindows };
        const found = smallestLayout(demandOf(wanted));
        // Beyond what was searched there is nothing to compare with, but that nothing smaller was found.
        const expected = exhaustive(wanted);
        const got = found && found.size > BigInt(LARGEST_APERTURE) * PAGE ? null : asText(found);
        if (got !== expected) expect({ wanted, got }).toEqual({ wanted, got: expected });
        seen += 1;
        if (expected !== null) met += 1;
      }
    }
  }
  expect(seen).toBeGreaterThan(1500);
  expect(met).toBeGreaterThan(1000);
});
