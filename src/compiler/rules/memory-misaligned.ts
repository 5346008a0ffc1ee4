import { defineDiagnostic, formatBytes, granuleOf, hex } from '../../model/index.ts';
import type { Rule } from './rule.ts';

export const memoryMisaligned = defineDiagnostic({
  code: 'memory-misaligned',
  severity: 'error',
  category: 'manifest',
  summary: 'A mapping does not lie on page boundaries',
  explanation: `Memory is mapped in whole pages: \`iova\` and \`size\` are multiples of the host's page size (the smallest page
that VFIO type1 offers is never below it; VFIO_IOMMU_MAP_DMA fails with EINVAL otherwise). An entry on huge pages comes
in whole huge pages.

Hosts differ: a layout for 4 KiB pages does not fit an arm64 kernel with 64 KiB pages. Round the address and the size to
the multiple that the finding names, or use smaller pages.`,
});

/** Addresses and sizes are multiples of the page that backs them. */
export const memoryMisalignedRule: Rule = {
  id: 'memory-misaligned',
  reports: [memoryMisaligned],
  check({ manifest, host }) {
    return manifest.vms.flatMap((vm) =>
      vm.memory.flatMap((memory) => {
        const granule = granuleOf(memory, host);
        const whose = granule === memory.pageSize ? 'its huge pages' : "the host's pages";
        const parts = [
          { what: 'iova', value: memory.iova, at: memory.iovaAt },
          { what: 'size', value: memory.size, at: memory.sizeAt },
        ];
        return parts
          .filter(({ value }) => value % granule !== 0n)
          .map(({ what, value, at }) => {
            const below = (value / granule) * granule;
            const detail = `The ${what} ${hex(value)} of this memory of ${vm.name} is not a multiple of ${formatBytes(granule)} (${hex(granule)}), the size of ${whose}. The nearest multiples are ${hex(below)} and ${hex(below + granule)}.`;
            return memoryMisaligned({ detail, at });
          });
      }),
    );
  },
};
