import type { Fd, Kernel } from '../kernel/port.ts';
import { abiOf } from './abi.ts';
import { call, defineIoctl } from './ioctl.ts';
import { defineStruct } from './struct.ts';

export const GROUP_GET_STATUS = defineIoctl('VFIO_GROUP_GET_STATUS', 'group', 3, {
  EINVAL: 'The kernel expects a longer struct.',
  ENODEV: 'The last device of the group was taken from its VFIO driver.',
});

/** struct vfio_group_status. */
export const GROUP_STATUS = defineStruct(8, { argsz: [0, 'u32'], flags: [4, 'u32'] });
export const GROUP_FLAG = { viable: 1, containerSet: 2 } as const;

/** Whether the kernel calls the group viable, and whether it is in a container. */
export function getGroupStatus(
  kernel: Kernel,
  group: Fd,
): { readonly viable: boolean; readonly containerSet: boolean } {
  const abi = abiOf(kernel.architecture);
  const argument = GROUP_STATUS.encode(abi, { argsz: GROUP_STATUS.size });
  call(kernel, GROUP_GET_STATUS, group, argument);
  const { flags } = GROUP_STATUS.read(abi, argument);
  return { viable: (flags & GROUP_FLAG.viable) !== 0, containerSet: (flags & GROUP_FLAG.containerSet) !== 0 };
}
