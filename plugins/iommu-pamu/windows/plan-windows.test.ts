import fc from 'fast-check';
import { bytes, formatBytes, iova } from 'vfio-compose/plugin';
import { expect, test } from 'vitest';
import { breachesOf, type Demand } from './breach.ts';
import { ADDRESS_END } from './hardware.ts';
import { bankWindows, endOf, mappingsOf, type Region, windowSize } from './layout.ts';
import { planWindows } from './plan-windows.ts';

const KIB = 1n << 10n;
const MIB = 1n << 20n;
const GIB = 1n << 30n;

const region = (at: bigint, size: bigint, contiguous: bigint = GIB): Region => ({
  iova: iova(at),
  size: bytes(size),
  contiguous: bytes(contiguous),
});

const demand = (regions: readonly Region[], banks = 0, more: Partial<Demand['hardware']> = {}): Demand => ({
  regions,
  banks,
  hardware: { maxWindows: 256, partial: true, ...more },
});

/** `4 GiB at 0 in 8 windows`, or the kind of shortfall. */
function planned(...args: Parameters<typeof planWindows>): string {
  const { layout, shortfall } = planWindows(...args);
  if (!layout) return shortfall.kind;
  return `${formatBytes(layout.size)} at ${formatBytes(layout.first)} in ${layout.windows}`;
}

test('R-PAMU-2: 2 GiB and 3 banks take 8 windows of 512 MiB', () => {
  expect(planned(demand([region(0n, 2n * GIB)], 3))).toBe('4 GiB at 0 B in 8');
});

test('R-PAMU-2: memory of the whole aperture and no bank is one window', () => {
  expect(planned(demand([region(0n, GIB)]))).toBe('1 GiB at 0 B in 1');
});

test('R-PAMU-2: smaller pages make smaller windows, and more of them', () => {
  expect(planned(demand([region(0n, 512n * MIB, 64n * MIB)], 3))).toBe('1 GiB at 0 B in 16');
});

test('R-PAMU-4: the aperture begins where its size allows, not where memory does', () => {
  expect(planned(demand([region(3n * MIB, 2n * MIB)], 1))).toBe('8 MiB at 0 B in 8');
});

test('R-PAMU-4: a driver that maps whole windows only gets windows that memory fills', () => {
  const odd = [region(0n, 3n * MIB), region(4n * MIB, 512n * KIB)];
  expect(planned(demand(odd, 1))).toBe('8 MiB at 0 B in 4');
  expect(planned(demand(odd, 1, { partial: false }))).toBe('8 MiB at 0 B in 16');
});

test.each<[string, Demand]>([
  ['address-width', demand([region(ADDRESS_END - GIB, 2n * GIB)])],
  ['pages', demand([region(0n, GIB, 4n * KIB)])],
  ['banks', demand([region(0n, GIB - 4n * MIB)], 3, { partial: false })],
  ['windows', demand([region(4n * KIB, GIB)])],
  ['windows', demand([region(4n * KIB, ADDRESS_END - 4n * KIB)], 3)],
  ['not-in-pages', demand([region(1n, GIB)])],
  ['not-in-pages', demand([region(0n, 0n)])],
])('R-PAMU-4: says %s where that is what is missing', (kind, wanted) => {
  expect(planned(wanted)).toBe(kind);
});

test('R-PAMU-4: says which layout there would be', () => {
  const { shortfall } = planWindows(demand([region(4n * KIB, GIB)]));
  expect(shortfall).toMatchObject({ kind: 'windows', needed: { size: 2n * GIB, windows: 524_288 } });
});

test('R-PAMU-4: says how large pages would have to be', () => {
  const { shortfall } = planWindows(demand([region(0n, GIB, 4n * KIB)], 3));
  expect(shortfall).toMatchObject({ kind: 'pages', atLeast: 8n * MIB, instead: { size: 2n * GIB, windows: 256 } });
});

test('R-PAMU-4: what is pinned is checked, and kept where it is legal', () => {
  const wanted = demand([region(0n, 512n * MIB)], 3);
  expect(planned(wanted, { windows: 16 })).toBe('1 GiB at 0 B in 16');
  expect(planned(wanted, { aperture: { first: iova(0n), size: bytes(8n * GIB) } })).toBe('8 GiB at 0 B in 4');
});

test.each([
  ['aperture-size', { aperture: { first: iova(0n), size: bytes(3n * GIB) } }],
  ['aperture-start', { aperture: { first: iova(GIB), size: bytes(4n * GIB) } }],
  ['address-width', { aperture: { first: iova(ADDRESS_END), size: bytes(GIB) } }],
  ['window-count', { windows: 12 }],
  ['too-many-windows', { windows: 512 }],
  ['window-size', { aperture: { first: iova(0n), size: bytes(64n * KIB) }, windows: 32 }],
  ['outside', { aperture: { first: iova(2n * GIB), size: bytes(GIB) } }],
  ['boundary', { aperture: { first: iova(0n), size: bytes(4n * GIB) }, windows: 2 }],
  ['remainder', { aperture: { first: iova(0n), size: bytes(16n * GIB) }, windows: 32 }],
  ['pages', { aperture: { first: iova(0n), size: bytes(16n * GIB) }, windows: 128 }],
  ['banks', { aperture: { first: iova(GIB), size: bytes(GIB) }, windows: 2 }],
])('R-PAMU-4: %s of what is pinned is named, with what would do', (kind, pinned) => {
  const { shortfall } = planWindows(demand([region(GIB, GIB - 64n * MIB, 64n * MIB)], 3), pinned);
  expect(shortfall).toMatchObject({ kind: 'pinned', instead: { size: GIB, windows: 64 } });
  expect(shortfall?.kind === 'pinned' && shortfall.breaches.map((breach) => breach.kind)).toContain(kind);
});

/** Disjoint memory in whole pages, in any order, with gaps. */
const memory = fc
  .array(
    fc.record({ gap: fc.nat(64), pages: fc.integer({ min: 1, max: 512 }), shift: fc.integer({ max: 9, min: 0 }) }),
    {
      minLength: 1,
      maxLength: 6,
    },
  )
  .map((pieces) => {
    let at = 0n;
    return pieces.map(({ gap, pages, shift }) => {
      const unit = 4096n << BigInt(shift);
      const from = ((at + unit - 1n) / unit) * unit + BigInt(gap) * unit;
      at = from + BigInt(pages) * unit;
      return region(from, at - from, unit);
    });
  });

const demands = fc.record({
  regions: memory,
  banks: fc.integer({ min: 0, max: 5 }),
  hardware: fc.record({ maxWindows: fc.constantFrom(16, 256, 4096), partial: fc.boolean() }),
});

test('R-PAMU-4: what is planned breaks no law, and its windows cover memory once, below the banks', () => {
  let planned = 0;
  fc.assert(
    fc.property(demands, (wanted) => {
      const { layout } = planWindows(wanted);
      if (!layout) return;
      planned += 1;
      expect(breachesOf(layout, wanted)).toEqual([]);
      const mappings = mappingsOf(layout, wanted.regions);
      const banks = bankWindows(layout, wanted.banks);
      const used = [...mappings, ...banks].map(({ window }) => window);
      expect(new Set(used).size).toBe(used.length);
      expect(Math.max(...mappings.map(({ window }) => window))).toBeLessThan(layout.windows - wanted.banks);
      wanted.regions.forEach((whole, index) => {
        const own = mappings.filter((mapping) => mapping.region === index);
        expect(own.reduce((sum, { size }) => sum + size, 0n)).toBe(whole.size);
        for (const { iova: at, size } of own) {
          expect((at - layout.first) % windowSize(layout)).toBe(0n);
          expect(at + size <= endOf(whole)).toBe(true);
        }
      });
    }),
    { numRuns: 300 },
  );
  expect(planned).toBeGreaterThan(30);
});

test('R-PAMU-4: where there is no layout, the shortfall is a true one', () => {
  fc.assert(
    fc.property(demands, (wanted) => {
      const { shortfall } = planWindows(wanted);
      if (shortfall?.kind === 'pages') {
        const on = (size: bigint) => wanted.regions.map((one) => ({ ...one, contiguous: bytes(size) }));
        expect(breachesOf(shortfall.instead, { ...wanted, regions: on(ADDRESS_END) })).toEqual([]);
        const kept = planWindows({ ...wanted, regions: on(shortfall.atLeast) });
        expect(kept.layout).toBeDefined();
      }
      if (shortfall?.kind === 'banks') expect(breachesOf(shortfall.without, { ...wanted, banks: 0 })).toEqual([]);
      if (shortfall?.kind === 'windows') expect(shortfall.needed.windows).toBeGreaterThan(wanted.hardware.maxWindows);
    }),
    { numRuns: 300 },
  );
});

test('ten thousand regions are planned without looking at every set of them', () => {
  const regions = Array.from({ length: 10_000 }, (_, n) => region(BigInt(n) * 8192n, 4096n, 4096n));
  const wanted = demand(regions, 3, { maxWindows: 32_768, partial: false });
  expect(planned(wanted)).toBe('128 MiB at 0 B in 32768');
});
