import type { Behaviour } from './release.ts';

/**
 * What the kernel insists on of the structs of VFIO_DEVICE_GET_INFO and VFIO_IOMMU_GET_INFO, in bytes: their first fields.
 * `cap_offset` and the padding behind it came later.
 */
export const INFO_MINIMUM = 16;
/** With `cap_offset`, and with the padding. */
const WITH_CAPABILITIES = 20;
const PADDED = 24;

/**
 * How many bytes of such a struct the kernel writes for an `argsz` of at least the minimum (`vfio_pci_ioctl_get_info` in
 * drivers/vfio/pci/vfio_pci_core.c, `vfio_iommu_type1_get_info` in drivers/vfio/vfio_iommu_type1.c).
 */
export function infoBytes({ padsInfo }: Behaviour, argsz: number): number {
  if (padsInfo) return Math.min(argsz, PADDED);
  return argsz >= WITH_CAPABILITIES ? WITH_CAPABILITIES : INFO_MINIMUM;
}
