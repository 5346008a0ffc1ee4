import { U64_MAX, defineDiagnostic, hex, lastOf } from '../../model/index.ts';
import type { Rule } from './rule.ts';

export const memoryWraps = defineDiagnostic({
  code: 'memory-wraps',
  severity: 'error',
  category: 'manifest',
  summary: 'A mapping goes beyond 64 bits',
  explanation: `I/O virtual addresses have 64 bits. A mapping whose last byte lies beyond them would begin again at 0; the
kernel refuses it (VFIO_IOMMU_MAP_DMA: EOVERFLOW). Lower the address or the size.`,
});

/** The last byte of a mapping has a 64-bit address. */
export const memoryWrapsRule: Rule = {
  id: 'memory-wraps',
  reports: [memoryWraps],
  check({ manifest }) {
    return manifest.vms.flatMap((vm) =>
      vm.memory
        .filter((memory) => memory.size > 0n && lastOf(memory.iova, memory.size) > U64_MAX)
        .map((memory) =>
          memoryWraps({
            detail: `${hex(memory.size)} bytes from ${hex(memory.iova)} end beyond ${hex(U64_MAX)}, the last 64-bit address. Lower the address or the size.`,
            at: memory.iovaAt,
          }),
        ),
    );
  },
};
