import {
  defineDiagnostic,
  type DomainContext,
  formatBytes,
  type PluginLaw,
  type ResolvedMemory,
} from 'vfio-compose/plugin';
import { windowPlanOf } from '../demand.ts';
import { demandInWords, layoutInWords, memoryInWords } from './words.ts';

export const pamuPagesBelowWindow = defineDiagnostic({
  code: 'pamu-pages-below-window',
  severity: 'error',
  category: 'manifest',
  summary: 'The pages of the memory are smaller than a window',
  explanation: `What is behind a window of a PAMU is one piece of physical memory. User space gets such pieces as huge pages only, so
the pages of each entry are at least as large as a window: \`backing: hugetlb\` or \`memfd\`, with a \`pageSize\`. The kernel looks
(the pages of a window must follow one another in physical memory, drivers/vfio/vfio_iommu_fsl_pamu.c) and fails with EFAULT.

With smaller pages there would have to be smaller windows, and more of them than the hardware has. The e500mc has huge pages of
4, 16, 64 and 256 MiB and of 1 GiB; they are reserved when the machine starts (\`hugepagesz=256M hugepages=8\`).`,
});

/** What is behind a window is one piece of physical memory (R-PAMU-4). */
export const pagesBelowWindow: PluginLaw<DomainContext> = {
  id: 'pamu-pages-below-window',
  reports: [pamuPagesBelowWindow],
  *check(context) {
    const shortfall = windowPlanOf(context)?.shortfall;
    if (shortfall?.kind !== 'pages') return;
    const { vm, host } = context;
    const { atLeast, instead } = shortfall;
    const pageOf = ({ pageSize }: ResolvedMemory): bigint => pageSize ?? BigInt(host.inventory.kernel.pageSize);
    const pools = host.inventory.hugePages.filter(({ size }) => size >= atLeast).map(({ size }) => formatBytes(size));
    const offered = pools.length > 0 ? `the host has ${pools.join(', ')}` : 'the host has none so large reserved';
    for (const memory of vm.memory) {
      if (pageOf(memory) >= atLeast) continue;
      const detail = `The memory of ${vm.name}, ${memoryInWords(memory)}, is in pages of ${formatBytes(pageOf(memory))}, and what is behind a window is one piece of physical memory. With pages of ${formatBytes(atLeast)} or more (${offered}), ${demandInWords(vm)} take ${layoutInWords(instead)}. Set its "backing" and "pageSize".`;
      yield pamuPagesBelowWindow({ detail, at: memory.at });
    }
  },
};
