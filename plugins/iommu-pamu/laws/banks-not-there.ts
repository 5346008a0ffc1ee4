import { defineDiagnostic, type DomainContext, type PluginLaw } from 'vfio-compose/plugin';
import { identify } from '../backend.ts';
import { plural } from './words.ts';

export const pamuBanksNotThere = defineDiagnostic({
  code: 'pamu-banks-not-there',
  severity: 'error',
  category: 'manifest',
  summary: 'The machine has fewer MSI banks',
  explanation: `An MSI bank is a page of doorbell registers of the interrupt controller. A machine has as many as its device tree has
nodes \`fsl,mpic-msi\`: three, or four of \`fsl,mpic-msi-v4.3\`. \`msi: banks\` is how many of them get room in the aperture; the
plan asks the kernel how many there are, and stops where there are fewer.`,
});

/** No more banks are wanted than the machine has (R-PAMU-5). */
export const banksNotThere: PluginLaw<DomainContext> = {
  id: 'pamu-banks-not-there',
  reports: [pamuBanksNotThere],
  *check({ vm, host }) {
    const identified = identify(host);
    if (!('backend' in identified) || vm.msi.banks <= identified.backend.msiBanks) return;
    const has = plural(identified.backend.msiBanks, 'MSI bank');
    const detail = `${vm.name} asks for room for ${plural(vm.msi.banks, 'MSI bank')}, and the machine has ${has}. Write "banks: ${identified.backend.msiBanks}" or less.`;
    yield pamuBanksNotThere({ detail, at: vm.msi.at });
  },
};
