import fc from 'fast-check';
import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { check, report } from '../../testing/rule.ts';
import { memoryOverlapsRule as rule } from './memory-overlaps.ts';

const machine = () => host().intelIommu().nic('01:00.0').nic('02:00.0');
type Memory = readonly (readonly [iova: number | string, size: number | string])[];
const vm = (memory: Memory, pci = '01:00.0') => ({
  devices: { x: pci },
  memory: memory.map(([iova, size]) => ({ iova, size })),
});

test('fires at the later of two mappings that share one address, showing the other', () => {
  const vms = {
    a: vm([
      ['1GiB', '1GiB'],
      [0, '0x40001000'],
    ]),
  };
  expect(report(rule, vms, machine())).toEqual(['error memory-overlaps at vms/a/memory/0/iova']);
  expect(check(rule, vms, machine())[0]?.related[0]?.at?.file).toBe('vms/a/memory/1/iova');
});

test('fires for each mapping inside a large one', () => {
  const vms = {
    a: vm([
      [0, 100],
      [10, 5],
      [50, 5],
    ]),
  };
  expect(report(rule, vms, machine())).toEqual([
    'error memory-overlaps at vms/a/memory/1/iova',
    'error memory-overlaps at vms/a/memory/2/iova',
  ]);
});

test('stays silent for mappings that touch, for those of two VMs, and for what other laws report', () => {
  expect(
    report(
      rule,
      {
        a: vm([
          [0, '1GiB'],
          ['1GiB', '1GiB'],
        ]),
      },
      machine(),
    ),
  ).toEqual([]);
  expect(report(rule, { a: vm([[0, 4096]]), b: vm([[0, 4096]], '02:00.0') }, machine())).toEqual([]);
  expect(
    report(
      rule,
      {
        a: vm([
          [0, 4096],
          [0, 0],
          ['0xfffffffffffff000', '1GiB'],
        ]),
      },
      machine(),
    ),
  ).toEqual([]);
});

test('finds what comparing every pair finds', () => {
  const entry = fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 12 }));
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 12 }), (memory) => {
      const found = report(rule, { a: vm(memory) }, machine()).sort();
      // An entry is reported where one that begins before it, or at the same place and earlier in the file, reaches it.
      const expected = memory
        .flatMap(([first, size], index) => {
          const reached = memory.some(([otherFirst, otherSize], other) => {
            const before = otherFirst < first || (otherFirst === first && other < index);
            return before && size > 0 && otherSize > 0 && otherFirst + otherSize > first;
          });
          return reached ? [`error memory-overlaps at vms/a/memory/${index}/iova`] : [];
        })
        .sort();
      expect(found).toEqual(expected);
    }),
  );
});
