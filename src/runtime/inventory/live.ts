import { byAddress } from '../../model/index.ts';
import type { HostDevice, HostInventory } from '../../model/index.ts';
import { readBlocks } from './blocks.ts';
import { readGroups } from './groups.ts';
import { HostFiles } from './host-files.ts';
import { HostPath } from './host-paths.ts';
import { interruptRemapping, readIommuUnits } from './iommu.ts';
import { readLiveTree } from './live-tree.ts';
import { readModules } from './modules.ts';
import { readNetdevs } from './netdevs.ts';
import { readPciDevices } from './pci.ts';
import { readPlatformBuses } from './platform.ts';
import { readHugePages, readKernel, readLimits, readMemory, readVfio } from './system.ts';

export interface LiveOptions {
  /** Put before every path, so that a generated tree can stand for the host. */
  readonly root?: string;
  /** Also collect serial numbers and MAC addresses. Reading a device's serial number needs root and wakes the device. */
  readonly identifiers?: boolean;
}

/**
 * Takes the inventory of this machine, from its pseudo file systems alone: no child process, no ioctl, nothing opened
 * for writing. Works without privileges; what may not be seen then is null or missing. Throws nothing.
 */
export function readLiveInventory(options: LiveOptions = {}): HostInventory {
  return takeInventory(new HostFiles(options.root), options.identifiers ?? false);
}

/** The same through a given reader, so that tests can watch what is read. */
export function takeInventory(files: HostFiles, identifiers: boolean): HostInventory {
  // Each failing read makes an Error, and its stack trace would be most of the cost.
  const traces = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    const kernel = readKernel(files);
    const units = readIommuUnits(files);
    const interrupts = files.text(HostPath.interrupts) ?? '';
    const nodes = readLiveTree(files, identifiers);
    const platform = readPlatformBuses(files, nodes ? new Set(nodes.map(({ path }) => path)) : null);
    const { groups, madeUp } = readGroups(files);
    const bare = [...readPciDevices(files, identifiers), ...platform.devices];
    return {
      format_version: 1,
      kernel,
      iommu: { units, interruptRemapping: interruptRemapping(interrupts, kernel.architecture, units) },
      modules: readModules(files, kernel.release, platform.vfioDrivers),
      vfio: readVfio(files),
      limits: readLimits(files),
      ...readMemory(files),
      hugePages: readHugePages(files),
      groups: groups.sort((a, b) => a.id - b.id),
      devices: furnished(files, bare, madeUp, identifiers).sort(byAddress),
      ...(nodes ? { deviceTree: { nodes } } : {}),
    };
  } finally {
    Error.stackTraceLimit = traces;
  }
}

/** The devices with what hangs on each, and without groups that isolate nothing. */
function furnished(
  files: HostFiles,
  devices: readonly HostDevice[],
  madeUp: ReadonlySet<number>,
  identifiers: boolean,
): HostDevice[] {
  const paths = new Set(devices.map(({ sysfsPath }) => sysfsPath));
  const netdevs = readNetdevs(files, paths, identifiers);
  const blocks = readBlocks(files, paths, identifiers);
  return devices.map((device) => ({
    ...device,
    group: device.group !== null && madeUp.has(device.group) ? null : device.group,
    netdevs: netdevs.get(device.sysfsPath) ?? [],
    blocks: blocks.get(device.sysfsPath) ?? [],
  }));
}
