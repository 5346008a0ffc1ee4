import { andList, defineDiagnostic, isPci, leavesGroupViable, titleOf } from '../../model/index.ts';
import type { HostDevice, ResolvedDevice } from '../../model/index.ts';
import type { Rule } from './rule.ts';
import { assignedDevices, byAddress, byGroup, everyDevice } from './shared/assignments.ts';
import { showGroup } from './shared/words.ts';

export const groupNotViable = defineDiagnostic({
  code: 'group-not-viable',
  severity: 'error',
  category: 'host',
  summary: 'The host uses another device of the IOMMU group',
  explanation: `The IOMMU cannot keep the devices of one group apart, so the kernel hands a group out only when no member
is left to a driver of the host that does DMA (iommu_group_claim_dma_owner(): the group is then "not viable", EPERM).
Bridges on \`pcieport\` do not matter, and neither do members without a driver.

The whole group is shown, with who would hold what. The choices:

- \`group: take\` gives the other devices to the same VM;
- \`group: detach\` takes their drivers away and leaves them unused until \`down\`;
- move a PCI card to a slot with a group of its own, if the machine has one (slots directly at the processor often do).

Devices of a device tree share a group where they share a stream id, or a mapping entry of an SMMUv2.`,
});

/** No host driver that does DMA keeps a member of a group that is given away (R-GROUP-1, R-GROUP-2). */
export const groupNotViableRule: Rule = {
  id: 'group-not-viable',
  reports: [groupNotViable],
  check({ manifest, host }) {
    const planned = byAddress(everyDevice(manifest));
    return [...byGroup(assignedDevices(manifest))].flatMap(([id, [entry]]) => {
      const held = (host.members.get(id) ?? []).filter(
        (member) => !planned.has(member.address) && !leavesGroupViable(member),
      );
      if (!entry || held.length === 0) return [];
      const holders = held.slice(0, 8).map((member) => `${member.address} (${member.driver})`);
      const detail = `${titleOf(entry)} is in IOMMU group ${id}, which goes to one owner as a whole, and the host keeps ${andList(holders)}. ${choices(held, entry)}`;
      return [groupNotViable({ detail, at: entry.selectorAt, related: showGroup(host, id, planned) })];
    });
  },
};

function choices(held: readonly HostDevice[], entry: ResolvedDevice): string {
  // Only a card can be moved; what the board has wired stays where it is.
  const move = entry.bus === 'pci' ? ', or move the card to a slot with a group of its own' : '';
  // Bridges are neither assigned nor detached, so the policies do not help against their drivers.
  if (held.some((member) => isPci(member) && member.header === 'bridge')) {
    return `Unbind the driver of the bridge yourself${move}.`;
  }
  return `Write "group: take" to give these devices to the same VM, or "group: detach" to take their drivers away for as long${move}.`;
}
