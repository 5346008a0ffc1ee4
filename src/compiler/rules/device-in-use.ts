import { andList, defineDiagnostic, isVfioDriver, titleOf } from '../../model/index.ts';
import type { BlockDevice, HostDevice, Netdev } from '../../model/index.ts';
import type { Rule } from './rule.ts';
import { everyDevice } from './shared/assignments.ts';

export const deviceInUse = defineDiagnostic({
  code: 'device-in-use',
  severity: 'error',
  category: 'safety',
  summary: 'The host is using the device',
  explanation: `Taking the device away from its driver would take it from the host while it works: a file system would
lose its disk, the machine its network.

What counts as use: a mounted file system on one of its disks, also through partitions, device-mapper or MD; swap;
another device built on a disk; an interface that is up and has an address, carries a default route, or belongs to a
bond, bridge or team; the display that the firmware uses.

Stop the use first (umount, swapoff, \`ip link set … down\`), name another device, or say for this device that it is meant
with \`inUse: take\`; then this is a warning. A device that is only brought along by \`group: take\` or \`detach\` has to be
named with an entry of its own for that.`,
});

/** A device that the host uses is refused unless its entry says that it is meant (R-BIND-5). */
export const deviceInUseRule: Rule = {
  id: 'device-in-use',
  reports: [deviceInUse],
  check({ manifest }) {
    return everyDevice(manifest).flatMap((entry) => {
      const uses = usesOf(entry.device);
      if (uses.length === 0) return [];
      const why = `The host is using ${titleOf(entry)}: ${andList(uses)}.`;
      if (entry.inUse === 'take') {
        const detail = `${why} The manifest says to take it all the same (inUse: take).`;
        return [deviceInUse({ detail, at: entry.selectorAt, severity: 'warning' })];
      }
      const how =
        entry.origin.kind === 'group-sibling'
          ? `It is brought along because it shares a group with ${entry.origin.of.address}; if it is meant, give it an entry of its own with "inUse: take".`
          : 'Stop that use, name another device, or write "inUse: take" for this one if it is meant.';
      return [deviceInUse({ detail: `${why} ${how}`, at: entry.selectorAt })];
    });
  },
};

function usesOf(device: HostDevice): string[] {
  const uses = [...device.blocks.flatMap(usesOfDisk), ...device.netdevs.flatMap(usesOfInterface)];
  const onVfio = device.driver !== null && isVfioDriver(device.driver);
  return device.bus === 'pci' && device.bootDisplay && !onVfio
    ? [...uses, 'it is the display that the firmware uses']
    : uses;
}

function usesOfDisk({ name, mounts, swap, holders }: BlockDevice): string[] {
  const some = (items: readonly string[]) => andList(items.length > 5 ? [...items.slice(0, 5), 'others'] : items);
  return [
    ...(mounts.length > 0 ? [`its disk ${name} is mounted on ${some(mounts)}`] : []),
    ...(swap ? [`its disk ${name} holds swap`] : []),
    ...(holders.length > 0 ? [`${some(holders)} ${holders.length > 1 ? 'are' : 'is'} built on its disk ${name}`] : []),
  ];
}

function usesOfInterface({ name, up, hasAddress, defaultRoute, master }: Netdev): string[] {
  return [
    ...(up && hasAddress ? [`its interface ${name} is up and has an address`] : []),
    ...(defaultRoute ? [`its interface ${name} carries a default route`] : []),
    ...(master === null ? [] : [`its interface ${name} is part of ${master}`]),
  ];
}
