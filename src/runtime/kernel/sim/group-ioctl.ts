import { abiOf, type Abi } from '../../uapi/abi.ts';
import { decodeDeviceName, GROUP_GET_DEVICE_FD } from '../../uapi/group-get-device-fd.ts';
import { GROUP_FLAG, GROUP_GET_STATUS, GROUP_STATUS } from '../../uapi/group-get-status.ts';
import { CONTAINER_FD, GROUP_SET_CONTAINER } from '../../uapi/group-set-container.ts';
import { GROUP_UNSET_CONTAINER } from '../../uapi/group-unset-container.ts';
import { structArgument } from './argument.ts';
import { attachContainer, detachContainer } from './containers.ts';
import type { FileTable } from './file-table.ts';
import type { SimHost } from './host.ts';
import { openDevice } from './open-device.ts';
import { refuse } from './refusal.ts';
import type { VfioGroup } from './state.ts';
import { isViable } from './viability.ts';

export type GroupIoctl = (group: VfioGroup, number: number, argument: Buffer | number | null) => number;

/** The ioctls of a group's descriptor (drivers/vfio/group.c). */
export function groupIoctl(host: SimHost, files: FileTable): GroupIoctl {
  const { architecture } = host.inventory.kernel;
  const abi = abiOf(architecture);
  const status = GROUP_GET_STATUS.request(architecture).number;
  const set = GROUP_SET_CONTAINER.request(architecture).number;
  const unset = GROUP_UNSET_CONTAINER.request(architecture).number;
  const device = GROUP_GET_DEVICE_FD.request(architecture).number;
  return (group, number, argument) => {
    if (number === status) return getStatus(abi, group, structArgument(argument, GROUP_STATUS.size));
    if (number === set) return setContainer(host, files, abi, group, structArgument(argument, CONTAINER_FD.size));
    if (number === unset) return unsetContainer(group);
    if (number === device) return getDeviceFd(host, files, group, structArgument(argument, 1));
    return refuse('ENOTTY');
  };
}

function getStatus(abi: Abi, vfio: VfioGroup, argument: Buffer): number {
  if (GROUP_STATUS.read(abi, argument).argsz < GROUP_STATUS.size) refuse('EINVAL');
  const { group, container } = vfio;
  if (!group) return refuse('ENODEV');
  const viable = container !== null || (group.owner === null && isViable(group));
  const flags = (viable ? GROUP_FLAG.viable : 0) | (container ? GROUP_FLAG.containerSet : 0);
  GROUP_STATUS.write(abi, argument, { flags });
  return 0;
}

function setContainer(host: SimHost, files: FileTable, abi: Abi, vfio: VfioGroup, argument: Buffer): number {
  const file = files.find(CONTAINER_FD.read(abi, argument).fd);
  if (!file) return refuse('EBADF');
  if (vfio.container) refuse('EINVAL');
  if (!vfio.group) refuse('ENODEV');
  if (file.kind !== 'container') return refuse(host.behaviour.notContainer);
  attachContainer(host, vfio, file.container);
  return 0;
}

function unsetContainer(vfio: VfioGroup): number {
  if (!vfio.container) refuse('EINVAL');
  if (vfio.users > 0) refuse('EBUSY');
  detachContainer(vfio);
  return 0;
}

function getDeviceFd(host: SimHost, files: FileTable, vfio: VfioGroup, argument: Buffer): number {
  const name = decodeDeviceName(argument);
  // The kernel would read on behind the buffer: what it finds there is not to be relied on.
  if (name === undefined) return refuse('EFAULT');
  return files.add({ kind: 'device', device: openDevice(host, vfio, name) });
}
