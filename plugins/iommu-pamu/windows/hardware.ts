import { bytes, type Bytes } from 'vfio-compose/plugin';

/** The smallest window, and the smallest mapping: `PAMU_PAGE_SIZE` in drivers/iommu/fsl_pamu.h. */
export const SMALLEST: Bytes = bytes(4096);

/** Addresses that a PAMU translates end here: 36 bits (`fsl_pamu_domain_alloc` in drivers/iommu/fsl_pamu_domain.c). */
export const ADDRESS_END: bigint = 1n << 36n;

/**
 * "The first PAACE plus up to 255 SPAACE" (Documentation/devicetree/bindings/powerpc/fsl/pamu.txt). The hardware says its
 * own in register PC3, as 1 << (1 + MWCE).
 */
export const USUAL_MAX_WINDOWS = 256;

/** Secondary entries that all devices of a machine share (`SPAACE_NUMBER_ENTRIES` in drivers/iommu/fsl_pamu.h). */
export const SECONDARY_ENTRIES = 0x800;

/** What of the hardware and of its driver decides about a layout. */
export interface Hardware {
  /** Windows of one device; a power of two. */
  readonly maxWindows: number;
  /**
   * Whether a mapping may be smaller than its window. The hardware can; the driver that vendors shipped maps whole windows
   * only, and says success for the rest (`__vfio_dma_map` in drivers/vfio/vfio_iommu_fsl_pamu.c).
   */
  readonly partial: boolean;
}

export const isPowerOfTwo = (value: bigint): boolean => value > 0n && (value & (value - 1n)) === 0n;

/** The smallest power of two that is not below a value. */
export function powerOfTwoFrom(value: bigint): bigint {
  let power = 1n;
  while (power < value) power <<= 1n;
  return power;
}
