import { defineIommuPlugin } from 'vfio-compose/plugin';
import { describe } from './describe.ts';
import { msiDoorbellsLaw } from './laws/msi-doorbells.ts';
import { msiWindowLaw } from './laws/msi-window.ts';
import { nestingLaw } from './laws/nesting.ts';
import { streamOutOfRangeLaw } from './laws/stream-out-of-range.ts';
import { streamSharedLaw } from './laws/stream-shared.ts';
import { optionsSchema } from './options.ts';
import { layoutOf } from './window.ts';

/**
 * Arm's SMMU, versions 1 to 3, behind VFIO's type 1: what page tables cannot say of it. Streams are in the device tree, and
 * MSIs are translated, so that their doorbells take a window of the addresses that a guest's memory would have.
 */
export default defineIommuPlugin({
  name: 'smmu',
  version: '0.1.0',
  summary: "Arm's SMMU through VFIO type 1: stream ids, and memory around the window of MSI doorbells",
  on: 'type1',
  // VFIO_TYPE1v2_IOMMU and VFIO_TYPE1_IOMMU of include/uapi/linux/vfio.h.
  models: [
    { name: 'type1v2', extension: 3 },
    { name: 'type1', extension: 1 },
  ],
  isolates: true,
  options: optionsSchema,
  claims: ({ inventory }) =>
    inventory.iommu.units.some(({ kind }) => kind === 'smmu-v3' || kind === 'smmu-v2') ? 'exact' : 'none',
  laws: [streamSharedLaw, streamOutOfRangeLaw, msiWindowLaw, msiDoorbellsLaw, nestingLaw],
  mappings: (context) => layoutOf(context).mappings,
  describe,
});
