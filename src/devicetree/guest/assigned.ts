import type { DeviceTree, ResolvedPlatformDevice, ResolvedVm } from '../../model/index.ts';
import type { GuestDevice } from './needs.ts';

/**
 * The devices of a VM that its guest's tree describes, each with its entry: those that are assigned and have a node.
 * fsl-mc and cdx devices are found by the guest on their own buses.
 */
export function guestDevicesOf(tree: DeviceTree, vm: ResolvedVm): ReadonlyMap<GuestDevice, ResolvedPlatformDevice> {
  const devices = new Map<GuestDevice, ResolvedPlatformDevice>();
  for (const entry of vm.devices) {
    if (entry.bus === 'pci' || entry.use !== 'assign' || entry.device.treePath === null) continue;
    const { bus } = entry;
    const node = tree.byPath.get(entry.device.treePath);
    if (!node || (bus !== 'platform' && bus !== 'amba')) continue;
    const { base, interrupt } = entry.guest;
    devices.set({ name: entry.name, node, bus, included: new Set(entry.children.included), base, interrupt }, entry);
  }
  return devices;
}
