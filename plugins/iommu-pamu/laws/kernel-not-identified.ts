import { defineDiagnostic, type DomainContext, type PluginLaw } from 'vfio-compose/plugin';
import { identify } from '../backend.ts';

export const pamuKernelNotIdentified = defineDiagnostic({
  code: 'pamu-kernel-not-identified',
  severity: 'error',
  category: 'host',
  summary: 'The kernel is not known to have VFIO for a PAMU',
  explanation: `No mainline kernel has ever had VFIO for a PAMU: its driver there offers no mappings (drivers/iommu/fsl_pamu_domain.c).
Kernels of vendors had it, and their ioctls have numbers that mean something else everywhere else: 0x20003b75 is "how many
MSI banks" to them and VFIO_IOMMU_DIRTY_PAGES or a call of POWER servers to others. So none is sent on a guess.

A kernel is one of theirs when all of this holds: /sys/bus/platform/drivers/fsl-of-pamu is there, the module
vfio_iommu_fsl_pamu is loaded or built in, \`uname -r\` is a release of that vendor, and VFIO_CHECK_EXTENSION says yes to the
vendor's number (2 in the SDK's Linux 3.8 and 3.12, 7 in OpenIL's). Then say so in the snapshot of the host, under \`vfio\`:

\`\`\`json
"backends": [{ "name": "pamu", "extension": 2, "properties": { "dialect": "explicit", "msiBanks": "3", "maxWindows": "256" } }]
\`\`\`

\`dialect\` is \`explicit\` for what vendors shipped, where each MSI bank is mapped by a call, or \`on-demand\` for the interface
that was discussed first, where the kernel maps them with the first mapping. \`msiBanks\` is how many nodes \`fsl,mpic-msi\` the
device tree has; \`maxWindows\` may be left out for 256.`,
});

/** Nothing is sent to a kernel that was not positively identified (R-PAMU-6). */
export const kernelNotIdentified: PluginLaw<DomainContext> = {
  id: 'pamu-kernel-not-identified',
  reports: [pamuKernelNotIdentified],
  *check({ vm, host }) {
    const identified = identify(host);
    if ('backend' in identified) return;
    const detail = `${vm.name} wants a PAMU. Of this host it is not known ${identified.missing.join('; nor ')}. Nothing is sent to a kernel on a guess: its ioctls have other meanings elsewhere. Complete the snapshot under "vfio.backends", or do without isolation, with "iommu: noiommu".`;
    yield pamuKernelNotIdentified({ detail, at: vm.iommu.at });
  },
};
