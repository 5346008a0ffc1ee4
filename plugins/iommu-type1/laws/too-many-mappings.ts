import { defineDiagnostic, type DomainContext, mappingsOf, type PluginLaw } from 'vfio-compose/plugin';

export const tooManyMappings = defineDiagnostic({
  code: 'too-many-mappings',
  severity: 'error',
  category: 'host',
  summary: 'More mappings than the kernel allows',
  explanation: `VFIO type1 allows a container so many mappings (parameter \`dma_entry_limit\` of vfio_iommu_type1, 65535 unless
set; read when the container gets its IOMMU). One more fails with ENOSPC.

Join entries that follow each other into larger ones, or raise the parameter:
\`echo 200000 > /sys/module/vfio_iommu_type1/parameters/dma_entry_limit\`, or \`options vfio_iommu_type1 dma_entry_limit=…\`
in /etc/modprobe.d.`,
});

/** Default of the parameter (drivers/vfio/vfio_iommu_type1.c). */
const DEFAULT_LIMIT = 65535;

/** A container has at most `dma_entry_limit` mappings. */
export const tooManyMappingsLaw: PluginLaw<DomainContext> = {
  id: 'too-many-mappings',
  reports: [tooManyMappings],
  check(context) {
    const { vm, host } = context;
    const written = host.inventory.modules['vfio_iommu_type1']?.parameters['dma_entry_limit'] ?? '';
    const limit = /^[0-9]{1,10}$/.test(written) ? Number(written) : DEFAULT_LIMIT;
    const mappings = mappingsOf(context);
    const beyond = mappings[limit];
    if (!beyond) return [];
    const detail = `${vm.name} has ${mappings.length} mappings, and a container may have ${limit}. Join entries that follow each other, or raise the parameter dma_entry_limit of vfio_iommu_type1.`;
    return [tooManyMappings({ detail, at: vm.memory[beyond.memory]?.at ?? vm.at })];
  },
};
