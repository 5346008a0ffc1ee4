import { andList, defineDiagnostic, rangeText, titleOf } from '../../model/index.ts';
import type { Rule } from './rule.ts';
import { assignedDevices, byGroup } from './shared/assignments.ts';

export const directReservedRegion = defineDiagnostic({
  code: 'direct-reserved-region',
  severity: 'error',
  category: 'host',
  summary: 'The firmware keeps a 1:1 mapping for the device',
  explanation: `The firmware says that the device does DMA of its own to fixed addresses (an Intel RMRR, an AMD unity
range, an arm64 RMR), so its IOMMU mapping has to keep that range 1:1. The kernel then refuses to give the group away
(drivers/iommu/iommu.c: "Firmware has requested this device have a 1:1 IOMMU mapping"). The range has the type \`direct\`
in /sys/kernel/iommu_groups/<group>/reserved_regions; \`direct-relaxable\` is harmless.

Only the firmware can change it: look for a setting about shared memory, legacy USB, or remote management for that slot
or device, or move the card to another slot.`,
});

/** The kernel refuses groups with a `direct` reserved region (R-GROUP-5). */
export const directReservedRegionRule: Rule = {
  id: 'direct-reserved-region',
  reports: [directReservedRegion],
  check({ manifest, host }) {
    return [...byGroup(assignedDevices(manifest))].flatMap(([id, [entry]]) => {
      const direct = (host.groups.get(id)?.reservedRegions ?? []).filter((region) => region.type === 'direct');
      if (!entry || direct.length === 0) return [];
      const detail = `${titleOf(entry)} is in IOMMU group ${id}, where the firmware asks for a 1:1 mapping of ${andList(direct.slice(0, 8).map(rangeText))}. The kernel will not give such a group away. Only ${entry.bus === 'pci' ? 'a firmware setting or another slot' : 'the firmware'} changes it.`;
      return [directReservedRegion({ detail, at: entry.selectorAt })];
    });
  },
};
