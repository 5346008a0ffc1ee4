import { defineDiagnostic, type DomainContext, type PluginLaw } from 'vfio-compose/plugin';

export const pamuNothingMapped = defineDiagnostic({
  code: 'pamu-nothing-mapped',
  severity: 'warning',
  category: 'manifest',
  summary: 'Without memory the aperture stays closed',
  explanation: `A PAMU lets a device through when its first window is mapped, and not before; MSI banks are mapped with it. A VM without
\`memory\` never gets there: its devices can neither reach memory nor send an MSI. That is right only for devices that do neither.`,
});

/** The aperture becomes active with the first mapping, and the MSI banks with it (R-PAMU-3). */
export const nothingMapped: PluginLaw<DomainContext> = {
  id: 'pamu-nothing-mapped',
  reports: [pamuNothingMapped],
  *check({ vm }) {
    if (vm.memory.length > 0 || vm.handoff.mode === 'bind') return;
    const banks = vm.msi.banks > 0 ? ', nor are its MSI banks mapped' : '';
    const detail = `${vm.name} has no "memory": the aperture of its devices never becomes active${banks}. Add memory, if only a page, or leave this as it is for devices that need no DMA.`;
    yield pamuNothingMapped({ detail, at: vm.at });
  },
};
