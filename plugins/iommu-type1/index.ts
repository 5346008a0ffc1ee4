import { bytes, defineIommuPlugin } from 'vfio-compose/plugin';
import { mappingNeeds } from './needs.ts';

/**
 * VFIO's page-table backend: `vfio_iommu_type1` (drivers/vfio/vfio_iommu_type1.c), with every IOMMU that translates through
 * page tables.
 */
export default defineIommuPlugin({
  name: 'type1',
  version: '0.1.0',
  summary: 'VFIO type 1: page tables, on x86 and wherever nothing closer is known',
  // VFIO_TYPE1v2_IOMMU and VFIO_TYPE1_IOMMU of include/uapi/linux/vfio.h.
  models: [
    { name: 'type1v2', extension: 3 },
    { name: 'type1', extension: 1 },
  ],
  isolates: true,
  modules: [{ module: 'vfio_iommu_type1', why: 'translates the DMA of every VM here' }],
  claims: () => 'generic',
  configure: (context) => [
    {
      kind: 'check-info',
      subject: 'info',
      cause: 'the memory of the plan must fit what the IOMMU offers',
      ...mappingNeeds(context),
    },
  ],
  mappings: ({ vm }) => vm.memory.map(({ iova, size }, memory) => ({ memory, offset: bytes(0n), iova, size })),
});
