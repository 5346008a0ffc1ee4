import { testPlugins } from '../testing/plugins.ts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { indexHost } from './inventory.ts';
import { host, manifestFrom, region } from '../testing/index.ts';
import { resolveManifest } from '../compiler/resolve/resolve.ts';
import { overlapFinder, placeFinder, reservationsOf } from './reserved.ts';

const PAGE = 4096;
const extents = fc.array(
  fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 8 })).map(([first, size]) => ({ first, size })),
  { maxLength: 10 },
);

test('finds what comparing with every range finds', () => {
  fc.assert(
    fc.property(extents, fc.integer({ min: 0, max: 48 }), fc.integer({ min: 1, max: 20 }), (ranges, first, size) => {
      const sorted = ranges
        .map((range) => ({ first: BigInt(range.first), last: BigInt(range.first + range.size - 1) }))
        .sort((a, b) => Number(a.first - b.first));
      const wanted = { first: BigInt(first), last: BigInt(first + size - 1) };
      expect(overlapFinder(sorted, (range) => range)(wanted)).toEqual(
        sorted.filter((range) => range.first <= wanted.last && wanted.first <= range.last),
      );
    }),
  );
});

test('a place that is found is free, aligned, and the nearest of all', () => {
  fc.assert(
    fc.property(
      extents,
      extents,
      fc.integer({ min: 0, max: 40 }),
      fc.integer({ min: 1, max: 6 }),
      (regions, others, at, size) => {
        const reservedRegions = regions.map((r) =>
          region(BigInt(r.first * PAGE), BigInt((r.first + r.size) * PAGE - 1), 'reserved'),
        );
        const machine = host()
          .intelIommu({ addressBits: 18 })
          .group(60, { reservedRegions })
          .nic('01:00.0', { group: 60 })
          .build();
        const memory = [{ first: at, size }, ...others].map((m) => ({ iova: m.first * PAGE, size: m.size * PAGE }));
        const index = indexHost(machine);
        const manifest = manifestFrom({ version: 1, vms: { a: { devices: { x: '01:00.0' }, memory } } });
        const vm = resolveManifest(manifest, index, testPlugins).value?.vms[0];
        if (!vm) throw new Error('the manifest of the test does not resolve');
        const pageIsFree = (page: number) =>
          page < 64 && ![...regions, ...others].some((taken) => page >= taken.first && page < taken.first + taken.size);
        const places = Array.from({ length: 64 }, (_, page) => page).filter((page) =>
          Array.from({ length: size }, (_, n) => page + n).every(pageIsFree),
        );
        const nearest = Math.min(...places.map((page) => Math.abs(page - at)));
        const found = placeFinder(vm, reservationsOf(vm, index), index)(0);
        if (found === undefined) expect(places).toEqual([]);
        else {
          expect(places).toContain(Number(found) / PAGE);
          expect(Math.abs(Number(found) / PAGE - at)).toBe(nearest);
        }
      },
    ),
  );
});
