import { type HostIndex, type ResolvedVm } from '../../model/index.ts';
import { refOf } from './binding.ts';
import { groupResource, type VmGroup } from './groups.ts';
import type { NodeOwner } from './owner.ts';
import type { StepList } from './steps.ts';

export const groupNode = (group: number): string => `/dev/vfio/${group}`;

/** Steps after which a group's node can be opened. Without an IOMMU it cannot be given away: see lower/owner.ts. */
export function lowerNode(
  vm: ResolvedVm,
  group: VmGroup,
  owner: NodeOwner | null,
  host: HostIndex,
  steps: StepList,
  after: readonly string[],
): string[] {
  if (group.kind === 'iommu') return lowerGroupNode(vm, group.id, owner, host, steps, after);
  const { device } = group.device;
  const cause = 'the kernel makes the group and its node with the binding; its number is known only then';
  const reason = { resource: groupResource(group), cause, at: vm.at, after };
  return [steps.add('wait-noiommu-node', device.address, reason, { device: refOf(device) })];
}

/**
 * Steps that wait for a group's node and, for `handoff: bind`, give it away. A node made by the bind is root's, 0600,
 * and goes when the last device of the group leaves VFIO.
 */
function lowerGroupNode(
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
