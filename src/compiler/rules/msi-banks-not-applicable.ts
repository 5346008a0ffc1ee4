import { defineDiagnostic } from '../../model/index.ts';
import type { Rule } from './rule.ts';

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
export const msiBanksNotApplicableRule: Rule = {
  id: 'msi-banks-not-applicable',
  reports: [msiBanksNotApplicable],
  check({ manifest }) {
    return manifest.vms
      .filter(({ msi, iommu }) => msi.banks > 0 && !iommu.plugins.some(({ msiBanks }) => msiBanks === true))
      .map((vm) => {
        const detail = `${vm.name} asks for room for ${vm.msi.banks} MSI banks, and ${vm.iommu.type} has none; nothing is reserved. Remove the key.`;
        return msiBanksNotApplicable({ detail, at: vm.msi.at });
      });
  },
};
