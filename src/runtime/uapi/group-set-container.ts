import type { Fd, Kernel } from '../kernel/port.ts';
import { abiOf } from './abi.ts';
import { call, defineIoctl } from './ioctl.ts';
import { defineStruct } from './struct.ts';

export const GROUP_SET_CONTAINER = defineIoctl('VFIO_GROUP_SET_CONTAINER', 'group', 4, {
  EINVAL:
    'The group is in a container already; or the firmware demands 1:1 mappings for one of its devices; or its reserved regions collide with mappings that the container has.',
  EBADF: 'The container is not open any more.',
  EBADFD: 'The file given is not a container.',
  ENODEV: 'The last device of the group was taken from its VFIO driver.',
  EPERM:
    'The group is not viable: a device of it is still on a host driver. For a later group of a container it can also mean that interrupts are not isolated, or that one of the two is a group of no-IOMMU mode and the other is not: these do not mix. No-IOMMU mode itself needs CAP_SYS_RAWIO.',
  EBUSY: 'Somebody else owns the DMA of the group.',
});

/** The argument: a pointer to the container's descriptor. */
export const CONTAINER_FD = defineStruct(4, { fd: [0, 's32'] });

/** Puts the group into a container. The kernel takes ownership of its DMA here: this is where viability is tested. */
export function setContainer(kernel: Kernel, group: Fd, container: Fd): void {
  call(kernel, GROUP_SET_CONTAINER, group, CONTAINER_FD.encode(abiOf(kernel.architecture), { fd: container }));
}
