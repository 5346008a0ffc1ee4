import { bytes, type HostIndex, invariant, type ResolvedVm } from '../../model/index.ts';
import type { StepList } from './steps.ts';

export const groupNode = (group: number): string => `/dev/vfio/${group}`;

/** The IOMMU groups of a VM's assigned devices, in order. */
export function groupsOf(vm: ResolvedVm): number[] {
  const ids = new Set<number>();
  for (const { device, use } of vm.devices) {
    if (use !== 'assign') continue;
    invariant(device.group !== null, `device ${device.address} without a group passed the rules`);
    ids.add(device.group);
  }
  return [...ids].sort((a, b) => a - b);
}

/** The numeric owner and permissions that a `bind` VM wants for its nodes, or the finding that a name is unknown. */
export interface NodeOwner {
  readonly uid: number | null;
  readonly gid: number | null;
  readonly mode: number | null;
}

/**
 * Steps that wait for a group's node and, for `handoff: bind`, give it away. A node made by the bind is root's, 0600,
 * and goes when the last device of the group leaves VFIO.
 */
export function lowerNode(
  vm: ResolvedVm,
  group: number,
  owner: NodeOwner | null,
  host: HostIndex,
  steps: StepList,
  after: readonly string[],
): string[] {
  const path = groupNode(group);
  const resource = `group ${group}`;
  const wait = steps.add(
    'wait-node',
    path,
    { resource, cause: 'the kernel makes it with the binding, udev sets it up', at: vm.at, after },
    { path },
  );
  if (!owner) return [wait];
  const before = host.groups.get(group)?.node ?? { uid: 0, gid: 0, mode: 0o600 };
  let last = [wait];
  const cause = `handoff: bind of ${vm.name}`;
  if (owner.uid !== null || owner.gid !== null) {
    const chown = steps.add(
      'chown-node',
      path,
      { resource, cause, at: vm.handoff.at, after: last },
      { path, uid: owner.uid ?? before.uid, gid: owner.gid ?? before.gid },
    );
    steps.undo('chown-node', chown, path, { resource, cause: 'as it was' }, { path, uid: before.uid, gid: before.gid });
    last = [chown];
  }
  if (owner.mode !== null && owner.mode !== before.mode) {
    const chmod = steps.add(
      'chmod-node',
      path,
      { resource, cause, at: vm.handoff.at, after: last },
      { path, mode: owner.mode },
    );
    steps.undo('chmod-node', chmod, path, { resource, cause: 'as it was' }, { path, mode: before.mode & 0o777 });
    last = [chmod];
  }
  return last;
}

export const DEFAULT_HUGE_PAGE = bytes(2n << 20n);
