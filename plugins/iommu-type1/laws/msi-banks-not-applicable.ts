import { defineDiagnostic, type DomainContext, type PluginLaw } from 'vfio-compose/plugin';

export const msiBanksNotApplicable = defineDiagnostic({
  code: 'msi-banks-not-applicable',
  severity: 'warning',
  category: 'manifest',
  summary: 'This IOMMU model has no MSI banks',
  explanation: `MSI banks are doorbell pages that a window-based IOMMU (the PAMU) maps into the devices' own address range, so
that room has to be left for them. Types type1 and type1v2 have none: the kernel keeps its MSI window out of the way,
and shows it as a reserved region. Remove \`msi: banks\`.`,
});

/** Only a window-based IOMMU has MSI banks. */
export const msiBanksNotApplicableLaw: PluginLaw<DomainContext> = {
  id: 'msi-banks-not-applicable',
  reports: [msiBanksNotApplicable],
  check({ vm }) {
    if (vm.msi.banks === 0) return [];
    const detail = `${vm.name} asks for room for ${vm.msi.banks} MSI banks, and ${vm.iommu.type} has none; nothing is reserved. Remove the key.`;
    return [msiBanksNotApplicable({ detail, at: vm.msi.at })];
  },
};
