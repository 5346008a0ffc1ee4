import { defineDiagnostic, type DomainContext, hex, type PluginLaw } from 'vfio-compose/plugin';
import { windowPlanOf } from '../demand.ts';
import { ADDRESS_END } from '../windows/hardware.ts';
import { memoryInWords } from './words.ts';

export const pamuMemoryBeyondWidth = defineDiagnostic({
  code: 'pamu-memory-beyond-width',
  severity: 'error',
  category: 'manifest',
  summary: 'Memory lies beyond what a PAMU translates',
  explanation: `A PAMU translates addresses of 36 bits, 64 GiB: drivers/iommu/fsl_pamu_domain.c begins with an aperture from 0 to
0xfffffffff, and an aperture is never larger. Lower the address.`,
});

/** All memory lies in 36 bits (R-PAMU-4). */
export const memoryBeyondWidth: PluginLaw<DomainContext> = {
  id: 'pamu-memory-beyond-width',
  reports: [pamuMemoryBeyondWidth],
  *check(context) {
    const shortfall = windowPlanOf(context)?.shortfall;
    if (shortfall?.kind !== 'address-width') return;
    const { vm } = context;
    const memory = vm.memory[shortfall.region];
    if (!memory) return;
    const detail = `The memory of ${vm.name}, ${memoryInWords(memory)}, ends beyond ${hex(ADDRESS_END - 1n)}, the last address that a PAMU translates. Lower its address.`;
    yield pamuMemoryBeyondWidth({ detail, at: memory.iovaAt });
  },
};
