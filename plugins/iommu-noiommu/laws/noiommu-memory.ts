import { defineDiagnostic, type DomainContext, type PluginLaw } from 'vfio-compose/plugin';

export const noiommuMemory = defineDiagnostic({
  code: 'noiommu-memory',
  severity: 'error',
  category: 'manifest',
  summary: 'Memory cannot be mapped without an IOMMU',
  explanation: `Without an IOMMU there is nothing to map memory into: the no-IOMMU container of VFIO has no VFIO_IOMMU_MAP_DMA
(vfio_noiommu_ops in drivers/vfio/container.c answers ENOTTY). The device uses physical addresses, which a user-space
driver has to find out itself.

Leave \`memory\` out, or use an IOMMU (\`iommu: type1v2\`).`,
});

/** A container without IOMMU has no mappings (R-GROUP-3). */
export const noiommuMemoryLaw: PluginLaw<DomainContext> = {
  id: 'noiommu-memory',
  reports: [noiommuMemory],
  check({ vm }) {
    const [first] = vm.memory;
    if (!first) return [];
    const detail = `${vm.name} has no IOMMU (iommu: noiommu) and ${vm.memory.length} ${vm.memory.length > 1 ? 'entries' : 'entry'} of memory to map: the kernel has no mapping in this mode. Leave "memory" out, or use an IOMMU.`;
    return [noiommuMemory({ detail, at: first.at, related: [{ message: 'asked for here', at: vm.iommu.at }] })];
  },
};
