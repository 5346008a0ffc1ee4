import { hex, isDriverName } from '../../model/index.ts';
import type { HostDevice, HostInventory } from '../../model/index.ts';
import type { Contradiction } from './contradiction.ts';
import { treeContradictionsIn } from './snapshot-tree.ts';

/** Finds what contradicts itself in an inventory of the right shape. Linear in its size. */
export function contradictionsIn(inventory: HostInventory): Contradiction[] {
  const found: Contradiction[] = [];
  const groups = new Set<number>();
  for (const [index, group] of inventory.groups.entries()) {
    const way = ['groups', index];
    if (groups.has(group.id)) found.push({ way: [...way, 'id'], detail: `IOMMU group ${group.id} is listed twice.` });
    groups.add(group.id);
    for (const [at, { first, last }] of group.reservedRegions.entries()) {
      if (last >= first) continue;
      const detail = `The reserved region of group ${group.id} ends at ${hex(last)}, before it begins at ${hex(first)}.`;
      found.push({ way: [...way, 'reservedRegions', at, 'last'], detail });
    }
  }
  const addresses = new Set<string>();
  for (const [index, device] of inventory.devices.entries()) {
    const way = ['devices', index];
    if (addresses.has(device.address)) {
      found.push({ way: [...way, 'address'], detail: `The device ${device.address} is listed twice.` });
    }
    addresses.add(device.address);
    if (device.group !== null && !groups.has(device.group)) {
      const detail = `The device ${device.address} is in IOMMU group ${device.group}, which the snapshot does not list.`;
      found.push({ way: [...way, 'group'], detail });
    }
    for (const key of ['driver', 'driverOverride'] as const) {
      const name = device[key];
      if (name === null || isDriverName(name)) continue;
      const detail = `${JSON.stringify(name.slice(0, 80))}, of the device ${device.address}, cannot be the name of a driver.`;
      found.push({ way: [...way, key], detail });
    }
    if (!isPathOf(device)) {
      const detail = `The path "${device.sysfsPath}" is not that of the device ${device.address}: it has to begin with /sys/devices/ and to end with the address.`;
      found.push({ way: [...way, 'sysfsPath'], detail });
    }
  }
  return [...found, ...treeContradictionsIn(inventory)];
}

function isPathOf({ sysfsPath, address }: HostDevice): boolean {
  if (!sysfsPath.startsWith('/sys/devices/') || !sysfsPath.endsWith(`/${address}`)) return false;
  // The path is used to write to the host: it must not lead anywhere else.
  return !/\/\.{0,2}(?:\/|$)/.test(sysfsPath) && !sysfsPath.includes('\0');
}
