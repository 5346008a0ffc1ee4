import { isVfioDriver, type PlatformDevice } from '../../model/index.ts';
import type { HostFiles } from './host-files.ts';
import { HostPath } from './host-paths.ts';
import { numberOrNull, overrideOf } from './attributes.ts';
import { sysfsPathOf } from './sysfs-path.ts';

const BUSES = [
  ['platform', HostPath.platformBus],
  ['amba', HostPath.ambaBus],
  ['fsl-mc', HostPath.fslMcBus],
  ['cdx', HostPath.cdxBus],
] as const;

/** What a snapshot takes as the name of a device: those of a device tree all are, `Fixed MDIO bus.0` is not. */
const NAME = /^[A-Za-z0-9,._+@:#-]{1,200}$/;

/** The part of an `of_node` link that is the way to sysfs's copy of the tree. */
const TREE_IN_LINK = HostPath.deviceTree.slice('/sys'.length);

export interface PlatformBuses {
  /** Without what hangs on them. */
  readonly devices: readonly PlatformDevice[];
  /** VFIO drivers that are registered on one of the buses, as modules are called: vfio_platform. */
  readonly vfioDrivers: readonly string[];
}

/**
 * The devices of the platform, AMBA, fsl-mc and CDX buses that could be assigned or stand in the way of it: those with a
 * node in the device tree, with an IOMMU group, or with a VFIO driver.
 *
 * The others are left out. On an x86 machine they are what ACPI and drivers make up (power buttons, timers, the CPU
 * itself): without a group VFIO does not take them, and no other device's group depends on them. The same holds for what
 * a driver makes below its own device and hands its node to, such as the `xhci-hcd.0.auto` of a USB controller: it goes
 * with that device.
 *
 * @param nodes paths of the device tree; null where the machine has none
 */
export function readPlatformBuses(files: HostFiles, nodes: ReadonlySet<string> | null): PlatformBuses {
  const present = new Set(files.names(HostPath.buses));
  const vfioDrivers: string[] = [];
  const found = new Map<string, PlatformDevice>();
  for (const [bus, directory] of BUSES) {
    if (!present.has(bus)) continue;
    const drivers = files.names(`${directory}/drivers`).filter(isVfioDriver);
    vfioDrivers.push(...drivers.map((name) => name.replaceAll('-', '_')));
    const onVfio = new Set(drivers.flatMap((driver) => files.names(`${directory}/drivers/${driver}`)));
    for (const name of files.names(`${directory}/devices`)) {
      // Names are unique on a bus only, but those of these buses are made in ways that cannot meet.
      if (!NAME.test(name) || found.has(name)) continue;
      const device = readDevice(files, bus, `${directory}/devices/${name}`, name, nodes, onVfio.has(name));
      if (device) found.set(name, device);
    }
  }
  const owners = ownersOfNodes(found.values());
  const devices = [...found.values()].flatMap((device) => {
    if (device.treePath === null || owners.get(device.treePath) === device) return [device];
    return device.group !== null || (device.driver !== null && isVfioDriver(device.driver))
      ? [{ ...device, treePath: null }]
      : [];
  });
  return { devices, vfioDrivers };
}

/** One device; undefined where it does not count. There are dozens of those on every machine: two look-ups have to do. */
function readDevice(
  files: HostFiles,
  bus: PlatformDevice['bus'],
  directory: string,
  address: string,
  nodes: ReadonlySet<string> | null,
  onVfio: boolean,
): PlatformDevice | undefined {
  const linked = (name: string) => (files.exists(`${directory}/${name}`) ? files.link(`${directory}/${name}`) : null);
  const read = (name: string) =>
    files.exists(`${directory}/${name}`) ? files.attribute(`${directory}/${name}`) : null;
  const path = nodes ? nodePath(linked('of_node')) : null;
  const treePath = path !== null && nodes?.has(path) ? path : null;
  const group = numberOrNull(lastPart(linked('iommu_group')));
  if (treePath === null && group === null && !onVfio) return undefined;
  const target = files.link(directory);
  // Gone between the listing and now.
  if (target === null) return undefined;
  return {
    bus,
    address,
    sysfsPath: sysfsPathOf(target),
    treePath,
    driver: lastPart(linked('driver')),
    driverOverride: overrideOf(read('driver_override')),
    group,
    numaNode: numberOrNull(read('numa_node')),
    netdevs: [],
    blocks: [],
  };
}

const lastPart = (link: string | null): string | null => link && link.slice(link.lastIndexOf('/') + 1);

/** The path in the tree that an `of_node` link leads to. */
function nodePath(link: string | null): string | null {
  const at = link?.indexOf(TREE_IN_LINK) ?? -1;
  return link === null || at < 0 ? null : link.slice(at + TREE_IN_LINK.length) || '/';
}

/** Of several devices with one node the one that Linux made from it: the others were made below it by its driver. */
function ownersOfNodes(devices: Iterable<PlatformDevice>): ReadonlyMap<string, PlatformDevice> {
  const owners = new Map<string, PlatformDevice>();
  for (const device of devices) {
    if (device.treePath === null) continue;
    const known = owners.get(device.treePath);
    if (!known || comesBefore(device, known)) owners.set(device.treePath, device);
  }
  return owners;
}

const comesBefore = (a: PlatformDevice, b: PlatformDevice): boolean =>
  a.sysfsPath.length < b.sysfsPath.length || (a.sysfsPath.length === b.sysfsPath.length && a.address < b.address);
