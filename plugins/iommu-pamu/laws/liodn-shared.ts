import { defineDiagnostic, type DomainContext, type HostDevice, type PluginLaw } from 'vfio-compose/plugin';
import { liodnInWords, sourceOf } from '../liodn.ts';

export const pamuLiodnShared = defineDiagnostic({
  code: 'pamu-liodn-shared',
  severity: 'error',
  category: 'safety',
  summary: 'Another device has the same LIODN',
  explanation: `A PAMU knows devices by their LIODN only. Two with the same one have the same windows, whatever their IOMMU groups say:
Linux gives each platform device a group of its own without comparing LIODNs (drivers/iommu/fsl_pamu_domain.c), so VFIO would hand
them out one by one. Whoever stays outside then does its DMA through the windows of the VM, into the VM's memory.

U-Boot gives all job rings of a P4080's security engine one pair of LIODNs, for the sake of its hardware
(board tables, arch/powerpc/cpu/mpc85xx/p4080_ids.c). Give all devices with that LIODN to one VM.`,
});

/** Devices with one LIODN have one owner (R-GROUP-1). PCI functions below one controller are the groups' business. */
export const liodnShared: PluginLaw<DomainContext> = {
  id: 'pamu-liodn-shared',
  reports: [pamuLiodnShared],
  *check({ vm, host }) {
    const assigned = vm.devices.filter(({ use }) => use === 'assign');
    const ours = new Set(assigned.map(({ device }) => device.address));
    const idsOf = (device: HostDevice): readonly number[] => {
      const source = sourceOf(device, host);
      return source?.controller === null ? (source.liodn?.ids ?? []) : [];
    };
    const others = host.inventory.devices.filter(({ address }) => !ours.has(address));
    for (const entry of assigned) {
      const own = idsOf(entry.device);
      const sharing = others.filter((other) => idsOf(other).some((id) => own.includes(id)));
      const [first] = sharing;
      if (!first) continue;
      const id = own.find((one) => idsOf(first).includes(one)) ?? 0;
      const names = sharing.map(({ address }) => address).join(', ');
      const detail = `${entry.name} of ${vm.name} (${entry.device.address}) has LIODN ${liodnInWords(id)}, and so ${sharing.length === 1 ? 'has' : 'have'} ${names}, which ${vm.name} does not get. A PAMU cannot tell them apart: what one may reach, all may. Give them to ${vm.name} too.`;
      yield pamuLiodnShared({
        detail,
        at: entry.selectorAt,
        related: sharing.map((other) => ({ message: `${other.address}: ${sourceOf(other, host)?.node.path ?? ''}` })),
      });
    }
  },
};
