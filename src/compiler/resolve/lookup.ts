import { byAddress } from '../../model/index.ts';
import type { HostIndex, PciDevice } from '../../model/index.ts';

type Names = ReadonlyMap<string, readonly PciDevice[]>;

/** Every way to find a PCI function of a host. Each table is built when it is first used: most manifests need one or two. */
export interface Lookup {
  readonly host: HostIndex;
  /** All PCI functions in order of address. */
  readonly devices: readonly PciDevice[];
  byPath(): ReadonlyMap<string, PciDevice>;
  /** By `vendor:device`. */
  byId(): Names;
  byVendor(): Names;
  /** By domain and bus, `0000:01`. */
  byBus(): Names;
  byNetdev(): Names;
  byBlock(): Names;
  /** By serial number of the device or its disks, and by MAC address; in lower case. */
  bySerial(): Names;
  /** By topology path, see {@link topologyOf}. */
  byTopology(): Names;
  /** By PF address and VF number, `0000:03:00.0/1`. */
  byVf(): Names;
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

function tabulate(devices: readonly PciDevice[], keys: (device: PciDevice) => Iterable<string | undefined>): Names {
  const table = new Map<string, PciDevice[]>();
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
export const serialsOf = (device: PciDevice): string[] =>
  [device.serial, ...device.blocks.map((block) => block.serial), ...device.netdevs.map((netdev) => netdev.mac)]
    .filter((serial) => serial !== undefined)
    .map((serial) => serial.toLowerCase());

export function lookupOf(host: HostIndex): Lookup {
  const devices = [...host.pciByAddress.values()].sort(byAddress);
  const table = (keys: (device: PciDevice) => Iterable<string | undefined>) => once(() => tabulate(devices, keys));
  const classes = new Map<string, readonly PciDevice[]>();
  return {
    host,
    devices,
    byPath: once(() => new Map(devices.map((device) => [device.sysfsPath, device]))),
    byId: table((device) => [`${device.vendor}:${device.device}`]),
    byVendor: table((device) => [device.vendor]),
    byBus: table((device) => [device.address.slice(0, -5)]),
    byNetdev: table((device) => device.netdevs.map((netdev) => netdev.name)),
    byBlock: table((device) => device.blocks.map((block) => block.name)),
    bySerial: table(serialsOf),
    byTopology: table((device) => [topologyOf(device.sysfsPath)]),
    byVf: table((device) =>
      device.physicalFunction === null || device.virtualFunctionIndex === null
        ? []
        : [`${device.physicalFunction}/${device.virtualFunctionIndex}`],
    ),
    byClass(prefix) {
      const known = classes.get(prefix);
      if (known) return known;
      const matching = devices.filter((device) => device.class.startsWith(prefix));
      classes.set(prefix, matching);
      return matching;
    },
  };
}
