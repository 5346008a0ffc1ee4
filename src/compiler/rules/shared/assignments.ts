import type {
  ResolvedDevice,
  ResolvedManifest,
  ResolvedPciDevice,
  ResolvedPlatformDevice,
  ResolvedVm,
} from '../../../model/index.ts';

/** Every device of a manifest, in its order. */
export const everyDevice = (manifest: ResolvedManifest): ResolvedDevice[] => manifest.vms.flatMap((vm) => vm.devices);

/** Those that are bound to VFIO, as opposed to those that only lose their driver. */
export const assignedDevices = (manifest: ResolvedManifest): ResolvedDevice[] =>
  everyDevice(manifest).filter((device) => device.use === 'assign');

/** The VMs whose devices are behind an IOMMU: all but those that ask for none by name. */
export const isolatedVms = (manifest: ResolvedManifest): ResolvedVm[] => manifest.vms.filter((vm) => vm.iommu.isolates);

/** Every device of {@link isolatedVms}. */
export const isolatedDevices = (manifest: ResolvedManifest): ResolvedDevice[] =>
  isolatedVms(manifest).flatMap((vm) => vm.devices);

/** The VMs that ask for devices without any isolation, by name (R-GROUP-3). */
export const exposedVms = (manifest: ResolvedManifest): ResolvedVm[] => manifest.vms.filter((vm) => !vm.iommu.isolates);

/** Laws of the PCI bus look at these only. */
export const isPciEntry = (entry: ResolvedDevice): entry is ResolvedPciDevice => entry.bus === 'pci';

/** Devices of the buses that a device tree describes, above all platform and AMBA. */
export const isPlatformEntry = (entry: ResolvedDevice): entry is ResolvedPlatformDevice => entry.bus !== 'pci';

/** The entries for each device, by address; several where it is named twice. */
export function byAddress(devices: readonly ResolvedDevice[]): Map<string, ResolvedDevice[]> {
  return groupBy(devices, (entry) => entry.device.address);
}

/** The entries in each IOMMU group, in order of the manifest; devices without a group are left out. */
export function byGroup(devices: readonly ResolvedDevice[]): Map<number, ResolvedDevice[]> {
  const grouped = groupBy(devices, (entry) => entry.device.group ?? -1);
  grouped.delete(-1);
  return grouped;
}

export function groupBy<T, K>(items: readonly T[], key: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}
