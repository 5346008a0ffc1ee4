import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OrderedRanges, type Occupied } from './ordered-ranges.ts';

test('behaves as a list that is searched from end to end', () => {
  const operation = fc.record({ add: fc.boolean(), first: fc.bigInt(0n, 2000n), length: fc.bigInt(1n, 8n) });
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 1500 }), (operations) => {
      const ranges = new OrderedRanges<Occupied>();
      let list: Occupied[] = [];
      for (const { add, first, length } of operations) {
        const last = first + length - 1n;
        const hits = list.filter((range) => range.first <= last && first <= range.last);
        const lowest = hits.reduce<Occupied | undefined>((a, b) => (a && a.first < b.first ? a : b), undefined);
        expect(ranges.overlap(first, last)).toBe(lowest);
        if (add && hits.length === 0) {
          const range = { first, last };
          ranges.insert(range);
          list.push(range);
        } else if (!add) {
          expect(ranges.delete(first)).toBe(list.some((range) => range.first === first));
          list = list.filter((range) => range.first !== first);
        }
      }
      expect([...ranges]).toEqual([...list].sort((a, b) => Number(a.first - b.first)));
      expect(ranges.size).toBe(list.length);
    }),
    { numRuns: 60 },
  );
});

test('stays in order beyond the length of one chunk, in either direction', () => {
  for (const direction of [1n, -1n]) {
    const ranges = new OrderedRanges<Occupied>();
    for (let i = 0n; i < 2000n; i += 1n) {
      const first = 10_000n + direction * i * 2n;
      ranges.insert({ first, last: first });
    }
    const firsts = [...ranges].map((range) => range.first);
    expect(firsts).toEqual([...firsts].sort((a, b) => Number(a - b)));
    expect(firsts).toHaveLength(2000);
  }
});
