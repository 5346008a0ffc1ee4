import { invariant, type ResolvedDevice, type ResolvedVm } from '../../model/index.ts';

/** A group of a VM's container: one of an IOMMU, or one that no-IOMMU mode makes up, for one device, when it is bound. */
export type VmGroup =
  | { readonly kind: 'iommu'; readonly id: number; readonly handle: string; readonly name: string }
  | { readonly kind: 'noiommu'; readonly device: ResolvedDevice; readonly handle: string; readonly name: string };

/** The group that a device of a VM is opened through. Its number is not known beforehand without an IOMMU. */
export function groupOf(vm: ResolvedVm, device: ResolvedDevice): VmGroup {
  const { address, group } = device.device;
  if (!vm.iommu.isolates) {
    return { kind: 'noiommu', device, handle: `group:noiommu:${address}`, name: `noiommu:${address}` };
  }
  invariant(group !== null, `device ${address} without a group passed the rules`);
  return { kind: 'iommu', id: group, handle: `group:${group}`, name: String(group) };
}

/** The groups of a VM's assigned devices: by number, or without an IOMMU in the order of the devices. */
export function groupsOf(vm: ResolvedVm): VmGroup[] {
  const groups = new Map<string, VmGroup>();
  for (const device of vm.devices) {
    if (device.use !== 'assign') continue;
    const group = groupOf(vm, device);
    groups.set(group.handle, group);
  }
  return [...groups.values()].sort((a, b) => (a.kind === 'iommu' && b.kind === 'iommu' ? a.id - b.id : 0));
}

/** What of the host a step about a group concerns. */
export const groupResource = (group: VmGroup): string =>
  group.kind === 'iommu' ? `group ${group.id}` : `no-IOMMU group of ${group.device.device.address}`;
