import { insistsOnResetHandler } from '../../../devicetree/reset-handler.ts';
import { isReleaseSince } from '../../../model/kernel-release.ts';

/** What kernels of different age answer differently. */
export interface Behaviour {
  /** What a range that wraps around is answered with (drivers/vfio/vfio_iommu_type1.c). */
  readonly wrap: 'EINVAL' | 'EOVERFLOW';
  /** Whether taking the DMA of a group with `direct` reserved regions fails already (drivers/iommu/iommu.c). */
  readonly directRegionsRefuseOwner: boolean;
  /** What SET_CONTAINER says of a file that is no container (drivers/vfio/group.c). */
  readonly notContainer: 'EINVAL' | 'EBADFD';
  /** Whether the nesting type, which behaved as type 1 version 2, is still offered (drivers/vfio/vfio_iommu_type1.c). */
  readonly nesting: boolean;
  /** Whether a reset handler is insisted on even where `vfio_platform.reset_required` is off (drivers/vfio/platform/vfio_platform_common.c). */
  readonly resetAlwaysRequired: boolean;
  /** Whether each device of a group is asked for isolated MSIs; before, it was the whole machine (drivers/vfio/vfio_iommu_type1.c). */
  readonly isolatedMsiByDevice: boolean;
  /** Whether MSI-X vectors can be added one by one (drivers/vfio/pci/vfio_pci_intrs.c). */
  readonly growingMsix: boolean;
  /** Whether info structs, and each capability behind them, are padded to 8 bytes (`vfio_info_cap_add` in drivers/vfio/vfio_main.c). */
  readonly padsInfo: boolean;
}

/** The behaviour of a kernel release as `uname -r` prints it. */
export function behaviourOf(release: string): Behaviour {
  const since = (major: number, minor: number) => isReleaseSince(release, major, minor);
  return {
    wrap: since(6, 18) ? 'EOVERFLOW' : 'EINVAL',
    directRegionsRefuseOwner: since(6, 6),
    notContainer: since(6, 2) ? 'EBADFD' : 'EINVAL',
    nesting: !since(6, 13),
    resetAlwaysRequired: insistsOnResetHandler(release),
    isolatedMsiByDevice: since(6, 3),
    growingMsix: since(6, 5),
    padsInfo: since(6, 6),
  };
}
