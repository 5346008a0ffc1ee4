import type { Netdev } from '../../model/index.ts';
import type { HostFiles } from './host-files.ts';
import { HostPath } from './host-paths.ts';
import { readAddressedInterfaces } from './net-addresses.ts';
import type { AddressedInterfaces } from './net-addresses.ts';
import { deviceAbove, sysfsPathOf } from './sysfs-path.ts';

/** IFF_UP of include/uapi/linux/if.h. */
const IFF_UP = 0x1;
/** Interfaces stacked on interfaces, at most this deep (the kernel's own limit is 8, net/core/dev.c MAX_NEST_DEV). */
const MAX_STACK = 16;

/** Network interfaces by the sysfs path of the device that they stand on, one of `devices`. */
export function readNetdevs(
  files: HostFiles,
  devices: ReadonlySet<string>,
  identifiers: boolean,
): Map<string, Netdev[]> {
  const found = new Map<string, Netdev[]>();
  let addressed: AddressedInterfaces | undefined;
  const uppers = new Map<string, readonly string[]>();
  const listing = (name: string) => files.names(`${HostPath.netClass}/${name}`);
  const uppersOf = (name: string) => {
    const known = uppers.get(name) ?? upperNames(listing(name));
    uppers.set(name, known);
    return known;
  };
  for (const name of files.names(HostPath.netClass)) {
    const device = deviceAbove(sysfsPathOf(files.link(`${HostPath.netClass}/${name}`) ?? ''), devices);
    if (device === undefined) continue;
    addressed ??= readAddressedInterfaces(files);
    const entries = listing(name);
    uppers.set(name, upperNames(entries));
    // An address on a VLAN, bond or bridge above it is lost with the interface just as its own.
    const stack = stackAbove(name, uppersOf);
    const mac = identifiers ? files.attribute(`${HostPath.netClass}/${name}/address`) : null;
    const netdev: Netdev = {
      name,
      up: ((files.number(`${HostPath.netClass}/${name}/flags`) ?? 0) & IFF_UP) !== 0,
      hasAddress: stack.some((member) => addressed?.withAddress.has(member)),
      defaultRoute: stack.some((member) => addressed?.withDefaultRoute.has(member)),
      master: entries.includes('master') ? files.linkName(`${HostPath.netClass}/${name}/master`) : null,
      ...(mac === null || mac === '' ? {} : { mac }),
    };
    const list = found.get(device);
    if (list) list.push(netdev);
    else found.set(device, [netdev]);
  }
  return found;
}

const upperNames = (entries: readonly string[]): string[] =>
  entries.filter((entry) => entry.startsWith('upper_')).map((entry) => entry.slice('upper_'.length));

/** The interface and everything built on it. */
function stackAbove(name: string, uppersOf: (name: string) => readonly string[]): readonly string[] {
  const stack = new Set([name]);
  let level: readonly string[] = [name];
  for (let depth = 0; depth < MAX_STACK && level.length > 0; depth++) {
    level = level.flatMap((member) => uppersOf(member)).filter((upper) => !stack.has(upper));
    for (const upper of level) stack.add(upper);
  }
  return [...stack];
}
