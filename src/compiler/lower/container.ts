import { type Bytes, bytes, type IovaRange, lastOf, type HostIndex, iova, type ResolvedVm } from '../../model/index.ts';
import { refOf } from './binding.ts';
import { groupResource, type VmGroup } from './groups.ts';
import { groupNode } from './nodes.ts';
import type { StepList } from './steps.ts';

export const containerHandle = (vm: string): string => `container#${vm}`;

/** What a VM's memory asks of its container. */
export interface MappingNeeds {
  readonly count: number;
  readonly pageSize: Bytes;
  readonly ranges: readonly IovaRange[];
}

/**
 * Steps that build a VM's container: groups first, then the IOMMU model, then the rest of the groups (R-ORDER-1), then
 * what the kernel says of it against what the plan needs. Returns the steps after which devices and memory may follow.
 * Without an IOMMU there is nothing to ask about mappings: there are none.
 */
export function lowerContainer(
  vm: ResolvedVm,
  groups: readonly VmGroup[],
  nodeReady: ReadonlyMap<string, readonly string[]>,
  needs: MappingNeeds,
  steps: StepList,
): string[] {
  // A node that is there shows that vfio is loaded, so the container comes after the first group is ready.
  const extension = openContainer(vm, [...nodeReady.values()].flat(), steps);
  const attached: string[] = [];
  let model: string | undefined;
  for (const group of groups) {
    const ready = openGroup(vm, group, nodeReady.get(group.handle) ?? [], steps);
    const set = attachGroup(vm, group, [ready, model ?? extension], steps);
    attached.push(set);
    model ??= setModel(vm, set, steps);
  }
  const after = [...attached, ...(model ? [model] : [])];
  if (vm.iommu.type === 'noiommu') return after;
  const check = steps.add(
    'check-iommu-info',
    vm.name,
    { ...reasonOf(vm), cause: 'the memory of the plan must fit what the IOMMU offers', after },
    { container: containerHandle(vm.name), pageSize: needs.pageSize, ranges: [...needs.ranges], mappings: needs.count },
  );
  return [check];
}

const reasonOf = (vm: ResolvedVm) => ({ resource: `container of ${vm.name}`, at: vm.at });

function setModel(vm: ResolvedVm, after: string, steps: StepList): string {
  const { type, at } = vm.iommu;
  const cause =
    type === 'noiommu'
      ? `UNSAFE: iommu: noiommu; nothing keeps the devices of ${vm.name} from the memory of the host`
      : `iommu: ${type}`;
  const details = { container: containerHandle(vm.name), type };
  return steps.add('set-iommu', vm.name, { ...reasonOf(vm), cause, at, after: [after] }, details);
}

/** Opens a container and makes sure that the kernel speaks what follows. */
function openContainer(vm: ResolvedVm, after: readonly string[], steps: StepList): string {
  const container = containerHandle(vm.name);
  const reason = reasonOf(vm);
  const open = steps.add(
    'open-container',
    vm.name,
    { ...reason, cause: `holds the groups of ${vm.name}`, after },
    { handle: container },
  );
  const last = { resource: reason.resource, cause: 'last user of the container' };
  steps.undo('close', open, container, last, { handle: container });
  const version = steps.add(
    'check-api-version',
    vm.name,
    { ...reason, cause: 'everything after relies on version 0', after: [open] },
    { container },
  );
  return steps.add(
    'check-extension',
    vm.name,
    { ...reason, cause: `iommu: ${vm.iommu.type}`, at: vm.iommu.at, after: [version] },
    { container, extension: vm.iommu.type },
  );
}

function attachGroup(vm: ResolvedVm, group: VmGroup, after: readonly string[], steps: StepList): string {
  const { handle, name } = group;
  const resource = groupResource(group);
  const isolated = group.kind === 'iommu';
  const cause = isolated
    ? `DMA of the group goes through the container of ${vm.name}`
    : `the container of ${vm.name} holds it; its DMA goes past every IOMMU`;
  const details = { groupHandle: handle, container: containerHandle(vm.name) };
  const set = steps.add('set-container', name, { resource, cause, at: vm.at, after }, details);
  const leave = {
    resource,
    cause: `leaves the container${isolated ? '; with the last group the IOMMU model goes' : ''}`,
  };
  steps.undo('unset-container', set, name, leave, { groupHandle: handle });
  return set;
}

function openGroup(vm: ResolvedVm, group: VmGroup, after: readonly string[], steps: StepList): string {
  const resource = groupResource(group);
  const { handle, name } = group;
  const at = vm.at;
  const reason = { resource, cause: `devices of ${vm.name}`, at, after };
  const open =
    group.kind === 'iommu'
      ? steps.add('open-group', name, reason, { handle, group: group.id })
      : steps.add(
          'open-noiommu-group',
          group.device.device.address,
          { ...reason, cause: `${group.device.name} of ${vm.name}; needs CAP_SYS_RAWIO` },
          { handle, device: refOf(group.device.device) },
        );
  steps.undo('close', open, handle, { resource, cause: 'frees the group' }, { handle });
  const where = group.kind === 'iommu' ? groupNode(group.id) : 'the group';
  return steps.add(
    'check-group-viable',
    name,
    { resource, cause: `no host driver may be left in ${where}`, at, after: [open] },
    { groupHandle: handle },
  );
}

/** What the container must offer for a VM's memory: the largest page that it needs, and the ranges, merged. */
export function mappingNeeds(vm: ResolvedVm, host: HostIndex): MappingNeeds {
  const sorted = [...vm.memory].sort((a, b) => (a.iova < b.iova ? -1 : a.iova > b.iova ? 1 : 0));
  const ranges: { first: IovaRange['first']; last: IovaRange['last'] }[] = [];
  for (const memory of sorted) {
    const last = iova(lastOf(memory.iova, memory.size));
    const previous = ranges.at(-1);
    if (previous && previous.last + 1n === memory.iova) previous.last = last;
    else ranges.push({ first: memory.iova, last });
  }
  return { count: vm.memory.length, pageSize: bytes(host.inventory.kernel.pageSize), ranges };
}
