import { defineDiagnostic, type DomainContext, type PluginLaw, titleOf } from 'vfio-compose/plugin';

export const noiommuWithGroup = defineDiagnostic({
  code: 'noiommu-with-group',
  severity: 'error',
  category: 'host',
  summary: 'The device has an IOMMU and is to be used without one',
  explanation: `The kernel makes a no-IOMMU group only for a device that has no group of its own (vfio_group_find_or_alloc in
drivers/vfio/group.c). A device behind an IOMMU keeps its real group, which a no-IOMMU container does not take, and
groups of both kinds cannot be in one container (EPERM in drivers/vfio/container.c).

Use the IOMMU: leave \`iommu: noiommu\` out. Devices without an IOMMU go into a VM of their own.`,
});

/** Only devices without a group are used without IOMMU (R-GROUP-3). */
export const noiommuWithGroupLaw: PluginLaw<DomainContext> = {
  id: 'noiommu-with-group',
  reports: [noiommuWithGroup],
  check({ vm }) {
    return vm.devices
      .filter(({ device }) => device.group !== null)
      .map((entry) => {
        const detail = `${titleOf(entry)} is in IOMMU group ${entry.device.group}, and ${vm.name} asks for no IOMMU: the kernel keeps the real group, and a container without IOMMU does not take it. Use the IOMMU ("iommu: type1v2"), in a VM apart from devices without one.`;
        const related = [{ message: 'asked for here', at: vm.iommu.at }];
        return noiommuWithGroup({ detail, at: entry.selectorAt, related });
      });
  },
};
