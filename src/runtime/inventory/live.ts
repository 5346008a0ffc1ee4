import { byAddress } from '../../model/index.ts';
import type { HostInventory } from '../../model/index.ts';
import { readBlocks } from './blocks.ts';
import { readGroups } from './groups.ts';
import { HostFiles } from './host-files.ts';
import { HostPath } from './host-paths.ts';
import { interruptRemapping, readIommuUnits } from './iommu.ts';
import { readModules } from './modules.ts';
import { readNetdevs } from './netdevs.ts';
import { readPciDevices, readSlots } from './pci.ts';
import { readHugePages, readKernel, readLimits, readVfio } from './system.ts';

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
    const attachments = {
      netdevs: readNetdevs(files, identifiers),
      blocks: readBlocks(files, identifiers),
      slots: readSlots(files),
    };
    const interrupts = files.text(HostPath.interrupts) ?? '';
    return {
      format_version: 1,
      kernel,
      iommu: { units, interruptRemapping: interruptRemapping(interrupts, kernel.architecture, units) },
      modules: readModules(files, kernel.release),
      vfio: readVfio(files),
      limits: readLimits(files),
      hugePages: readHugePages(files),
      groups: readGroups(files).sort((a, b) => a.id - b.id),
      devices: readPciDevices(files, attachments, identifiers).sort(byAddress),
    };
  } finally {
    Error.stackTraceLimit = traces;
  }
}
