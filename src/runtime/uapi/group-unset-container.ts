import type { Fd, Kernel } from '../kernel/port.ts';
import { call, defineIoctl } from './ioctl.ts';

export const GROUP_UNSET_CONTAINER = defineIoctl('VFIO_GROUP_UNSET_CONTAINER', 'group', 5, {
  EINVAL: 'The group is in no container.',
  EBUSY: 'A device of the group is still open: close its file descriptors, and what maps its regions, first.',
});

/** Takes the group out of its container. With the last group the container loses its IOMMU and every mapping. */
export function unsetContainer(kernel: Kernel, group: Fd): void {
  call(kernel, GROUP_UNSET_CONTAINER, group, null);
}
