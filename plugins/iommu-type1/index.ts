import { defineIommuPlugin, type DomainContext, entryMappings, type ParameterSwitch } from 'vfio-compose/plugin';
import { needsUnsafeInterrupts } from './isolation.ts';
import { interruptsNotIsolatedLaw } from './laws/interrupts-not-isolated.ts';
import { memoryOnReservedRegionLaw } from './laws/memory-on-reserved-region.ts';
import { memoryOutsideApertureLaw } from './laws/memory-outside-aperture.ts';
import { msiBanksNotApplicableLaw } from './laws/msi-banks-not-applicable.ts';
import { tooManyMappingsLaw } from './laws/too-many-mappings.ts';
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
  laws: [
    interruptsNotIsolatedLaw,
    memoryOutsideApertureLaw,
    memoryOnReservedRegionLaw,
    tooManyMappingsLaw,
    msiBanksNotApplicableLaw,
  ],
  parameters: unsafeInterrupts,
  configure: (context) => [
    {
      kind: 'check-info',
      subject: 'info',
      cause: 'the memory of the plan must fit what the IOMMU offers',
      ...mappingNeeds(context),
    },
  ],
  mappings: ({ vm }) => entryMappings(vm),
});

/** Sets allow_unsafe_interrupts where a VM accepts it and one of its devices needs it. */
function unsafeInterrupts({ vm, host }: DomainContext): readonly ParameterSwitch[] {
  const open = vm.iommu.unsafeInterrupts ? needsUnsafeInterrupts(vm, host) : undefined;
  if (!open) return [];
  const what =
    open.bus === 'pci'
      ? 'a host without interrupt remapping'
      : `that nothing isolates the interrupts of ${open.device.address}`;
  return [
    {
      module: 'vfio_iommu_type1',
      parameter: 'allow_unsafe_interrupts',
      value: 'Y',
      cause: `UNSAFE: ${vm.name} accepts ${what}`,
    },
  ];
}
