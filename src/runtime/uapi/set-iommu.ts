import type { Fd, Kernel } from '../kernel/port.ts';
import { EXTENSION } from './check-extension.ts';
import { call, defineIoctl } from './ioctl.ts';

export const SET_IOMMU = defineIoctl('VFIO_SET_IOMMU', 'container', 2, {
  EINVAL:
    'No group has joined the container yet, or its IOMMU is set already, or the devices cannot be attached to a domain together.',
  ENODEV:
    'The kernel has no IOMMU backend of this type for these groups: load vfio_iommu_type1. Groups of no-IOMMU mode take the type noiommu only, and only while vfio.enable_unsafe_noiommu_mode is on; real groups never do.',
  EPERM:
    'The interrupts of a device are not isolated. On x86 turn interrupt remapping on in the firmware; on Arm a device that names no MSI controller counts as not isolated, although it can send no MSI. To accept the risk, set vfio_iommu_type1.allow_unsafe_interrupts=1. In no-IOMMU mode: this needs CAP_SYS_RAWIO.',
  EBUSY: 'A device of the group is attached to another domain.',
  EIO: 'The IOMMU driver could not make a domain.',
});

/**
 * Gives the container its IOMMU backend and attaches every group to it. Once per life of a container: when its last
 * group leaves, the backend goes too (drivers/vfio/container.c).
 */
export function setIommu(kernel: Kernel, container: Fd, model: number | keyof typeof EXTENSION): void {
  call(kernel, SET_IOMMU, container, typeof model === 'number' ? model : EXTENSION[model]);
}
