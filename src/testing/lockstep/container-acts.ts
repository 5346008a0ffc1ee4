import * as uapi from '../../runtime/uapi/index.ts';
import {
  act,
  closes,
  containerFd,
  deviceFd,
  eventFd,
  fdOf,
  groupFd,
  nodeOf,
  opens,
  type Act,
  type LockstepDevice,
  type Side,
} from './act.ts';
import { pick, type Random } from './random.ts';

export const opensContainer = (fd: string): Act =>
  opens(fd, 'open', 'container', ({ kernel }) => kernel.open('/dev/vfio/vfio', 'read-write'));

export const opensGroup = (device: LockstepDevice): Act =>
  opens(groupFd(device), 'open', `group ${device.group}`, (side) =>
    side.kernel.open(nodeOf(side, device), 'read-write'),
  );

export const joins = (group: string, container: string): Act =>
  act('SET_CONTAINER', `${group} ${container}`, (s) => uapi.setContainer(s.kernel, fdOf(s, group), fdOf(s, container)));

export type IommuType = 'type1' | 'type1v2' | 'noiommu';

export const setsIommu = (container: string, type: IommuType): Act =>
  act('SET_IOMMU', `${container} ${type}`, (s) => uapi.setIommu(s.kernel, fdOf(s, container), type));

/** The type that a device's container takes. */
export const usualType = ({ group }: LockstepDevice): IommuType => (group === 'made-up' ? 'noiommu' : 'type1v2');

/** A call on a container or on the device's group, in any order. */
export function containerAct(random: Random, device: LockstepDevice): Act {
  const container = containerFd(random(4) === 0 ? 1 : 0);
  const group = groupFd(device);
  const usual = usualType(device);
  const unusual = usual === 'noiommu' ? pick(random, ['type1', 'type1v2'] as const) : 'type1';
  const set = setsIommu(container, random(4) === 0 ? unusual : usual);
  const extension = random(8) === 0 ? pick(random, [0xff, 0x1_0000, 0x7fff_ffff]) : random(16);
  const type = random(13);
  const openTwice = (s: Side) => s.kernel.close(s.kernel.open(nodeOf(s, device), 'read-write'));
  return pick(random, [
    opensContainer(container),
    opensGroup(device),
    act('open', `${group} again`, openTwice),
    joins(group, container),
    joins(group, container),
    set,
    set,
    joins(group, pick(random, [group, deviceFd(device), eventFd(0), 'none'])),
    act('SET_IOMMU', `${container} number ${type}`, (s) =>
      s.kernel.ioctl(fdOf(s, container), uapi.SET_IOMMU.request(s.kernel.architecture), type),
    ),
    act('GET_API_VERSION', container, (s) => uapi.getApiVersion(s.kernel, fdOf(s, container))),
    act('UNSET_CONTAINER', group, (s) => uapi.unsetContainer(s.kernel, fdOf(s, group))),
    act('GET_STATUS', group, (s) => uapi.getGroupStatus(s.kernel, fdOf(s, group))),
    act('CHECK_EXTENSION', `${container} ${extension}`, (s) =>
      uapi.checkExtension(s.kernel, fdOf(s, container), extension),
    ),
    act('IOMMU_GET_INFO', container, (s) => uapi.getIommuInfo(s.kernel, fdOf(s, container))),
    ...(random(6) === 0 ? [closes(container), closes(group)] : []),
  ]);
}
