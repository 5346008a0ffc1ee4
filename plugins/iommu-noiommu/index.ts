import { defineIommuPlugin } from 'vfio-compose/plugin';
import { noIsolationLaw } from './laws/no-isolation.ts';
import { noiommuHandoffLaw } from './laws/noiommu-handoff.ts';
import { noiommuMemoryLaw } from './laws/noiommu-memory.ts';
import { noiommuNotOfferedLaw } from './laws/noiommu-not-offered.ts';
import { noiommuWithGroupLaw } from './laws/noiommu-with-group.ts';

/**
 * VFIO's no-IOMMU mode (vfio_noiommu_ops in drivers/vfio/container.c): a group is made up for each device when it is bound,
 * nothing is translated and nothing can be mapped. Never chosen by itself (R-GROUP-3).
 */
export default defineIommuPlugin({
  name: 'noiommu',
  version: '0.1.0',
  summary: "VFIO's no-IOMMU mode: devices without isolation, by name only",
  // VFIO_NOIOMMU_IOMMU of include/uapi/linux/vfio.h.
  models: [{ name: 'noiommu', extension: 8 }],
  isolates: false,
  claims: () => 'none',
  laws: [noIsolationLaw, noiommuNotOfferedLaw, noiommuWithGroupLaw, noiommuMemoryLaw, noiommuHandoffLaw],
  modules: [{ module: 'vfio', why: 'has the no-IOMMU mode' }],
  // Before any device is bound: the kernel makes the group of a device in its bind (vfio_group_find_or_alloc in
  // drivers/vfio/group.c). Being the first of the way here, it is the last of the way back, when nothing is bound any more.
  parameters: ({ vm }) => [
    {
      module: 'vfio',
      parameter: 'enable_unsafe_noiommu_mode',
      value: 'Y',
      cause: `UNSAFE: ${vm.name} takes devices without an IOMMU; while this is on, root may do so with any device`,
    },
  ],
});
