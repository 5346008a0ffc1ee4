import { defineDiagnostic } from '../../model/index.ts';
import type { Rule } from './rule.ts';

export const memoryZeroSize = defineDiagnostic({
  code: 'memory-zero-size',
  severity: 'error',
  category: 'manifest',
  summary: 'A mapping of nothing',
  explanation: `A mapping has at least one page; the kernel refuses a size of 0 (VFIO_IOMMU_MAP_DMA: EINVAL). Give the entry
a size, or remove it.`,
});

/** A mapping maps something. */
export const memoryZeroSizeRule: Rule = {
  id: 'memory-zero-size',
  reports: [memoryZeroSize],
  check({ manifest }) {
    return manifest.vms.flatMap((vm) =>
      vm.memory
        .filter((memory) => memory.size === 0n)
        .map((memory) =>
          memoryZeroSize({
            detail: `This memory of ${vm.name} has a size of 0. A mapping has at least one page: give it a size, or remove the entry.`,
            at: memory.sizeAt,
          }),
        ),
    );
  },
};
