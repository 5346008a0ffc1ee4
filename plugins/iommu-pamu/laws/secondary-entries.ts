import { defineDiagnostic, type DomainContext, type PluginLaw } from 'vfio-compose/plugin';
import { windowPlanOf } from '../demand.ts';
import { sourceOf } from '../liodn.ts';
import { SECONDARY_ENTRIES } from '../windows/hardware.ts';
import { layoutInWords, plural } from './words.ts';

export const pamuSecondaryEntries = defineDiagnostic({
  code: 'pamu-secondary-entries',
  severity: 'error',
  category: 'manifest',
  summary: 'There are not enough entries for so many windows',
  explanation: `The first window of a LIODN is in its own entry of the PAMU's table; each further one takes an entry of a second table,
which all devices of the machine share: 0x800 entries (\`SPAACE_NUMBER_ENTRIES\` in drivers/iommu/fsl_pamu.h). Eight LIODNs with 256
windows use it up; a device may have several LIODNs. Setting the number of windows fails then, and vendors' kernels do not say so.

Have fewer, larger windows: with larger pages, memory at multiples of its size, and the option \`windows\`. Only this VM is counted
here; others on the machine take from the same table.`,
});

/** The windows of all LIODNs of a VM fit the table that the machine has (R-PAMU-4). */
export const secondaryEntries: PluginLaw<DomainContext> = {
  id: 'pamu-secondary-entries',
  reports: [pamuSecondaryEntries],
  *check(context) {
    const layout = windowPlanOf(context)?.layout;
    if (!layout) return;
    const { vm, host } = context;
    const assigned = vm.devices.filter(({ use }) => use === 'assign');
    const ids = new Set(assigned.flatMap(({ device }) => sourceOf(device, host)?.liodn?.ids ?? []));
    const entries = ids.size * (layout.windows - 1);
    if (entries <= SECONDARY_ENTRIES) return;
    const detail = `${plural(ids.size, 'LIODN')} of the devices of ${vm.name} with ${layoutInWords(layout)}, take ${entries} entries of the table that all devices share, and it has ${SECONDARY_ENTRIES}. Use larger pages, so that there are fewer windows, or split the VM.`;
    yield pamuSecondaryEntries({ detail, at: vm.at });
  },
};
