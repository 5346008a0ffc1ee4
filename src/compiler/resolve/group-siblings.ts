import { leavesGroupViable } from '../../model/index.ts';
import type { HostDevice, HostIndex } from '../../model/index.ts';
import type { FoundEntry } from './find-devices.ts';

/** A device that an entry brings along because it shares the group of one of the entry's own. */
export interface Sibling {
  readonly device: HostDevice;
  readonly of: HostDevice;
}

/**
 * The devices that each entry with `group: take` or `detach` brings along: endpoints of its groups that a host driver
 * holds and that no entry names. What would not keep the group from being viable stays as it is, above all PCIe ports
 * (R-GROUP-1). Where two entries of one group would bring a device along, the first one does.
 */
export function siblingsOf<T extends FoundEntry>(entries: readonly T[], host: HostIndex): Map<T, Sibling[]> {
  const spoken = new Set<HostDevice>(entries.flatMap((entry) => entry.devices.map(({ device }) => device)));
  const siblings = new Map<T, Sibling[]>();
  const done = new Set<number>();
  for (const entry of entries) {
    if ((entry.settings.group ?? 'strict') === 'strict') continue;
    const brought: Sibling[] = [];
    for (const { device: of } of entry.devices) {
      if (of.group === null || done.has(of.group)) continue;
      done.add(of.group);
      for (const device of host.members.get(of.group) ?? []) {
        if (spoken.has(device) || (device.bus === 'pci' && device.header === 'bridge') || leavesGroupViable(device))
          continue;
        brought.push({ device, of });
      }
    }
    siblings.set(entry, brought);
  }
  return siblings;
}
