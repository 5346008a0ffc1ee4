import { type Bytes, bytes, type IovaRange, lastOf, type HostIndex, iova, type ResolvedVm } from '../../model/index.ts';
import { groupNode } from './nodes.ts';
import type { StepList } from './steps.ts';

export const containerHandle = (vm: string): string => `container#${vm}`;
export const groupHandle = (group: number): string => `group:${group}`;

/** What a VM's memory asks of its container. */
export interface MappingNeeds {
  readonly count: number;
  readonly pageSize: Bytes;
  readonly ranges: readonly IovaRange[];
}

/**
 * Steps that build a VM's container: groups first, then the IOMMU model, then the rest of the groups (R-ORDER-1), then
 * what the kernel says of it against what the plan needs. Returns the step after which devices and memory may follow.
 */
export function lowerContainer(
  vm: ResolvedVm,
  groups: readonly number[],
  nodeReady: ReadonlyMap<number, readonly string[]>,
  needs: MappingNeeds,
  steps: StepList,
): string {
  const container = containerHandle(vm.name);
  const reason = { resource: `container of ${vm.name}`, at: vm.at };
  // A node that is there shows that vfio is loaded, so the container comes after the first group is ready.
  const extension = openContainer(vm, [...nodeReady.values()].flat(), steps);
  const attached: string[] = [];
  let model: string | undefined;
  for (const group of groups) {
    const ready = openGroup(vm, group, nodeReady.get(group) ?? [], steps);
    const set = attachGroup(vm, group, [ready, model ?? extension], steps);
    attached.push(set);
    model ??= steps.add(
      'set-iommu',
      vm.name,
      { ...reason, cause: `iommu: ${vm.iommu.type}`, at: vm.iommu.at, after: [set] },
      { container, type: vm.iommu.type },
    );
  }
  const after = [...attached, ...(model ? [model] : [])];
  return steps.add(
    'check-iommu-info',
    vm.name,
    { ...reason, cause: 'the memory of the plan must fit what the IOMMU offers', after },
    { container, pageSize: needs.pageSize, ranges: [...needs.ranges], mappings: needs.count },
  );
}

/** Opens a container and makes sure that the kernel speaks what follows. */
function openContainer(vm: ResolvedVm, after: readonly string[], steps: StepList): string {
  const container = containerHandle(vm.name);
  const reason = { resource: `container of ${vm.name}`, at: vm.at };
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

function attachGroup(vm: ResolvedVm, group: number, after: readonly string[], steps: StepList): string {
  const resource = `group ${group}`;
  const cause = `DMA of the group goes through the container of ${vm.name}`;
  const details = { groupHandle: groupHandle(group), container: containerHandle(vm.name) };
  const set = steps.add('set-container', String(group), { resource, cause, at: vm.at, after }, details);
  const leave = { resource, cause: 'leaves the container; with the last group the IOMMU model goes' };
  steps.undo('unset-container', set, String(group), leave, { groupHandle: groupHandle(group) });
  return set;
}

function openGroup(vm: ResolvedVm, group: number, after: readonly string[], steps: StepList): string {
  const resource = `group ${group}`;
  const handle = groupHandle(group);
  const at = vm.at;
  const open = steps.add(
    'open-group',
    String(group),
    { resource, cause: `devices of ${vm.name}`, at, after },
    { handle, group },
  );
  steps.undo('close', open, handle, { resource, cause: 'frees the group' }, { handle });
  return steps.add(
    'check-group-viable',
    String(group),
    { resource, cause: `no host driver may be left in ${groupNode(group)}`, at, after: [open] },
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
