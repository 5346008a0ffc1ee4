import type { Fd, Kernel } from '../kernel/port.ts';
import { call, defineIoctl } from './ioctl.ts';

export const CHECK_EXTENSION = defineIoctl('VFIO_CHECK_EXTENSION', 'container', 1, {});

/** Extension ids of include/uapi/linux/vfio.h; the first, the third and noiommu are also arguments of VFIO_SET_IOMMU. */
export const EXTENSION = {
  type1: 1,
  spaprTce: 2,
  type1v2: 3,
  dmaCacheCoherent: 4,
  nesting: 6,
  spaprTceV2: 7,
  noiommu: 8,
  unmapAll: 9,
  updateVaddr: 10,
} as const;

/**
 * 0 where the kernel does not have the extension. Before the IOMMU is set the answer is for all backends that are
 * loaded, afterwards for the container's own; two of them depend on the groups attached (drivers/vfio/container.c).
 */
export const checkExtension = (kernel: Kernel, container: Fd, extension: number): number =>
  call(kernel, CHECK_EXTENSION, container, extension);
