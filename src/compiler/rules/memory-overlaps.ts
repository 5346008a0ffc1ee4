import { defineDiagnostic, type Extent, extentOf, rangeText } from '../../model/index.ts';
import type { ResolvedMemory, ResolvedVm } from '../../model/index.ts';
import type { Rule } from './rule.ts';

export const memoryOverlaps = defineDiagnostic({
  code: 'memory-overlaps',
  severity: 'error',
  category: 'manifest',
  summary: 'Two mappings of a VM overlap',
  explanation: `An I/O virtual address of a container leads to one place. The kernel refuses a mapping that shares an
address with another one (VFIO_IOMMU_MAP_DMA: EEXIST); mappings that only touch are fine. Sizes are easily off by a
digit: compare the last address of the first mapping with the first address of the second.`,
});

/** The mappings of one VM do not share an address. */
export const memoryOverlapsRule: Rule = {
  id: 'memory-overlaps',
  reports: [memoryOverlaps],
  check({ manifest }) {
    return manifest.vms.flatMap((vm) =>
      overlapsIn(vm).map(([first, second]) =>
        memoryOverlaps({
          detail: `The mapping ${rangeText(second.extent)} of ${vm.name} overlaps its mapping ${rangeText(first.extent)}. Move one of them, or make the first one smaller.`,
          at: second.memory.iovaAt,
          related: [{ message: `overlaps ${rangeText(first.extent)}, from here`, at: first.memory.iovaAt }],
        }),
      ),
    );
  },
};

interface Placed {
  readonly memory: ResolvedMemory;
  readonly extent: Extent;
}

/**
 * Each entry that overlaps one that begins before it, with the one of those that reaches furthest. Sorted by address, so
 * that a million entries do not take a million million comparisons.
 */
function overlapsIn(vm: ResolvedVm): [Placed, Placed][] {
  const placed = vm.memory
    .flatMap((memory): Placed[] => {
      const extent = extentOf(memory);
      return extent ? [{ memory, extent }] : [];
    })
    .sort(({ extent: a }, { extent: b }) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
  const found: [Placed, Placed][] = [];
  let furthest: Placed | undefined;
  for (const entry of placed) {
    if (furthest && entry.extent.first <= furthest.extent.last) found.push([furthest, entry]);
    if (!furthest || entry.extent.last > furthest.extent.last) furthest = entry;
  }
  return found;
}
