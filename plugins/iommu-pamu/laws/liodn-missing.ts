import { defineDiagnostic, type DomainContext, type PluginLaw } from 'vfio-compose/plugin';
import { LIODN_END, liodnInWords, sourceOf } from '../liodn.ts';

export const pamuLiodnMissing = defineDiagnostic({
  code: 'pamu-liodn-missing',
  severity: 'error',
  category: 'host',
  summary: 'A device has no usable LIODN',
  explanation: `A PAMU tells devices apart by a number, the LIODN. The boot loader (U-Boot) chooses it, writes it into the device and,
as \`fsl,liodn\`, into the device's node of the tree. The kernel takes it from there: from the device's own node, or, for a PCI
function, from that of the controller, which all functions below share. Without it there is no IOMMU group, and attaching one
fails with EINVAL; so it does for a number of 0x500 or more, where the table ends (drivers/iommu/fsl_pamu_domain.c).

A tree that was compiled and never started has no \`fsl,liodn\` yet, only \`fsl,liodn-reg\`: take the one of the running machine,
/sys/firmware/fdt. Where it is missing there too, start the kernel with a U-Boot that knows the chip.`,
});

/** A device that gets windows has a LIODN (R-GROUP-3). */
export const liodnMissing: PluginLaw<DomainContext> = {
  id: 'pamu-liodn-missing',
  reports: [pamuLiodnMissing],
  *check({ vm, host }) {
    for (const entry of vm.devices) {
      const source = sourceOf(entry.device, host);
      // Of what is in no group, nor in the tree, the laws of every IOMMU speak.
      if (entry.use !== 'assign' || !source || (source.controller === null && entry.device.group === null)) continue;
      const where = source.controller === null ? 'its own node' : `the node of its PCI controller ${source.controller}`;
      const ids = source.liodn?.ids ?? [];
      const beyond = ids.find((id) => id >= LIODN_END);
      if (ids.length > 0 && beyond === undefined) continue;
      const what =
        beyond === undefined
          ? 'no "fsl,liodn"'
          : `"fsl,liodn" ${liodnInWords(beyond)}, beyond the table's 0x500 entries`;
      const detail = `${entry.name} of ${vm.name} (${entry.device.address}): ${where}, ${source.node.path}, has ${what}. The boot loader writes it; without it the kernel gives the device no window.`;
      yield pamuLiodnMissing({ detail, at: entry.selectorAt });
    }
  },
};
