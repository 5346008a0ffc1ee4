import type { AskedDomain } from '../plugins/asked.ts';
import { bytes, type DomainStep, invariant, type ResolvedVm, unreachable } from '../../model/index.ts';
import { refOf } from './binding.ts';
import { groupResource, type VmGroup } from './groups.ts';
import { containerHandle } from './handles.ts';
import { groupNode } from './nodes.ts';
import type { StepList } from './steps.ts';

/**
 * Steps that build a VM's container: groups first, then the IOMMU model, then the rest of the groups (R-ORDER-1), then
 * what the model's plugin wants before a device is opened. Returns the steps after which devices and memory may follow.
 */
export function lowerContainer(
  vm: ResolvedVm,
  groups: readonly VmGroup[],
  nodeReady: ReadonlyMap<string, readonly string[]>,
  domain: AskedDomain,
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
  return lowerDomainSteps(vm, domain.plugin, domain.configure, steps, after);
}

const reasonOf = (vm: ResolvedVm) => ({ resource: `container of ${vm.name}`, at: vm.at });

/** What a plugin wants done to a container, one after the other. Returns what may follow when all of it is done. */
export function lowerDomainSteps(
  vm: ResolvedVm,
  plugin: string,
  wanted: readonly DomainStep[],
  steps: StepList,
  after: readonly string[],
): string[] {
  let last = [...after];
  for (const one of wanted) last = [lowerDomainStep(vm, plugin, one, steps, last)];
  return last;
}

function lowerDomainStep(
  vm: ResolvedVm,
  plugin: string,
  one: DomainStep,
  steps: StepList,
  after: readonly string[],
): string {
  const container = containerHandle(vm.name);
  const reason = { ...reasonOf(vm), cause: one.cause, after };
  const subject = `${vm.name}/${one.subject}`;
  switch (one.kind) {
    case 'check-info': {
      const { pageSize, ranges, mappings } = one;
      return steps.add('check-iommu-info', subject, reason, { container, pageSize, ranges: [...ranges], mappings });
    }
    case 'ioctl': {
      const details = ioctlDetails(plugin, container, one);
      const done = steps.add('container-ioctl', subject, reason, details);
      if (one.undo) {
        const { resource } = reason;
        const back = ioctlDetails(plugin, container, one.undo);
        steps.undo('container-ioctl', done, subject, { resource, cause: one.undo.cause }, back);
      }
      return done;
    }
    default:
      return unreachable(one);
  }
}

type Ioctl = Omit<Extract<DomainStep, { kind: 'ioctl' }>, 'subject' | 'cause' | 'undo'>;

const ioctlDetails = (plugin: string, container: string, { request, number, fields, atLeast, meaning }: Ioctl) => ({
  plugin,
  container,
  request,
  number,
  fields: fields.map(({ name, width, value, expect }) => ({
    name,
    width,
    value: bytes(value),
    ...(expect === undefined ? {} : { expect: bytes(expect) }),
  })),
  ...(atLeast === undefined ? {} : { atLeast }),
  meaning,
});

function setModel(vm: ResolvedVm, after: string, steps: StepList): string {
  const { type, extension, isolates, at } = vm.iommu;
  invariant(extension > 0, `the model ${type} of ${vm.name} has no number and passed the rules`);
  const cause = isolates
    ? `iommu: ${type}`
    : `UNSAFE: iommu: ${type}; nothing keeps the devices of ${vm.name} from the memory of the host`;
  const details = { container: containerHandle(vm.name), type, extension };
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
  const { type, extension, at } = vm.iommu;
  return steps.add(
    'check-extension',
    vm.name,
    { ...reason, cause: `iommu: ${type}`, at, after: [version] },
    { container, type, extension },
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
