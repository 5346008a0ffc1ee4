import { byAddress, isPci } from '../../model/index.ts';
import type { HostDevice, HostIndex, PciDevice } from '../../model/index.ts';

type Names<T extends HostDevice> = ReadonlyMap<string, readonly T[]>;

/**
 * Every way to find a device of a host; for platform devices by their own names see select-platform.ts. Each table is
 * built when it is first used: most manifests need one or two.
 */
export interface Lookup {
  readonly host: HostIndex;
  /** Devices of every bus by their real path in sysfs. */
  byPath(): ReadonlyMap<string, HostDevice>;
  /** By `vendor:device`. */
  byId(): Names<PciDevice>;
  byVendor(): Names<PciDevice>;
  /** By domain and bus, `0000:01`. */
  byBus(): Names<PciDevice>;
  byNetdev(): Names<HostDevice>;
  byBlock(): Names<HostDevice>;
  /** By serial number of the device or its disks, and by MAC address; in lower case. */
  bySerial(): Names<HostDevice>;
  /** By topology path, see {@link topologyOf}. */
  byTopology(): Names<PciDevice>;
  /** By PF address and VF number, `0000:03:00.0/1`. */
  byVf(): Names<PciDevice>;
  /** By beginning of the class code. */
  byClass(prefix: string): readonly PciDevice[];
}

/**
 * The way to a device as bus and device.function numbers, `0000:00/1c.4/00.0`, read off its sysfs path. The root is
 * the last host bridge on the way: a VMD controller has one of its own below it. Undefined for a path without one.
 */
export function topologyOf(sysfsPath: string): string | undefined {
  let steps: string[] | undefined;
  for (const part of sysfsPath.split('/')) {
    const root = /^pci([0-9a-f]{4,8}:[0-9a-f]{2})$/.exec(part)?.[1];
    if (root !== undefined) steps = [root];
    else if (/^[0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]$/.test(part)) steps?.push(part.slice(-4));
  }
  return steps?.join('/');
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

function tabulate<T extends HostDevice>(
  devices: readonly T[],
  keys: (device: T) => Iterable<string | undefined>,
): Names<T> {
  const table = new Map<string, T[]>();
  for (const device of devices) {
    for (const key of keys(device)) {
      if (key === undefined) continue;
      const known = table.get(key);
      if (!known) table.set(key, [device]);
      else if (known.at(-1) !== device) known.push(device);
    }
  }
  return table;
}

/** Serial numbers and MAC addresses of a device, in lower case. */
export const serialsOf = (device: HostDevice): string[] =>
  [
    isPci(device) ? device.serial : undefined,
    ...device.blocks.map((block) => block.serial),
    ...device.netdevs.map((netdev) => netdev.mac),
  ]
    .filter((serial) => serial !== undefined)
    .map((serial) => serial.toLowerCase());

export function lookupOf(host: HostIndex): Lookup {
  const all = once(() => [...host.byAddress.values()].sort(byAddress));
  const functions = once(() => all().filter(isPci));
  const ofAny = (keys: (device: HostDevice) => Iterable<string | undefined>) => once(() => tabulate(all(), keys));
  const ofPci = (keys: (device: PciDevice) => Iterable<string | undefined>) => once(() => tabulate(functions(), keys));
  const classes = new Map<string, readonly PciDevice[]>();
  return {
    host,
    byPath: once(() => new Map(all().map((device) => [device.sysfsPath, device]))),
    byId: ofPci((device) => [`${device.vendor}:${device.device}`]),
    byVendor: ofPci((device) => [device.vendor]),
    byBus: ofPci((device) => [device.address.slice(0, -5)]),
    byNetdev: ofAny((device) => device.netdevs.map((netdev) => netdev.name)),
    byBlock: ofAny((device) => device.blocks.map((block) => block.name)),
    bySerial: ofAny(serialsOf),
    byTopology: ofPci((device) => [topologyOf(device.sysfsPath)]),
    byVf: ofPci((device) =>
      device.physicalFunction === null || device.virtualFunctionIndex === null
        ? []
        : [`${device.physicalFunction}/${device.virtualFunctionIndex}`],
    ),
    byClass(prefix) {
      const known = classes.get(prefix);
      if (known) return known;
      const matching = functions().filter((device) => device.class.startsWith(prefix));
      classes.set(prefix, matching);
      return matching;
    },
  };
}
