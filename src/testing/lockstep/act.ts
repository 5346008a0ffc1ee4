import type { Kernel } from '../../runtime/kernel/port.ts';

/** A device that a comparison may take from its driver, and must be able to give back. */
export interface LockstepDevice {
  /** Left out is `pci`. */
  readonly bus?: 'pci' | 'platform' | 'amba';
  /** What Linux calls it on its bus. */
  readonly address: string;
  /** Its IOMMU group; `made-up` where no-IOMMU mode makes one while it is on a VFIO driver. */
  readonly group: number | 'made-up';
  /** The driver of the host; null for a device that nobody drives. */
  readonly driver: string | null;
  /**
   * The driver on which it is before and after each sequence: the host's, or VFIO's where taking it and giving it back
   * each time would take most of the run.
   */
  readonly rest: string | null;
  /** Of a platform device: how long its first region is, in bytes. */
  readonly regionBytes?: number;
}

const busOf = ({ bus = 'pci' }: LockstepDevice): string => bus;

/** VFIO's driver for a device's bus. */
export const vfioDriver = (device: LockstepDevice): string => `vfio-${busOf(device)}`;

/** Its folder in sysfs, and those of its bus. */
export const devicePath = (device: LockstepDevice): string => `/sys/bus/${busOf(device)}/devices/${device.address}`;
export const busPath = (device: LockstepDevice): string => `/sys/bus/${busOf(device)}`;

/** The node of its group: that of a group that is not there now where no-IOMMU mode has made none. */
export function nodeOf({ kernel }: Side, device: LockstepDevice): string {
  if (device.group !== 'made-up') return `/dev/vfio/${device.group}`;
  const link = `${devicePath(device)}/iommu_group`;
  return `/dev/vfio/noiommu-${kernel.exists(link) ? kernel.readlink(link).split('/').pop() : 'none'}`;
}

/** One of the two kernels, with what is open in it by name: descriptors and addresses differ between the two. */
export interface Side {
  readonly kernel: Kernel;
  readonly fds: Map<string, number>;
  readonly memory: Map<string, bigint>;
  /** The files of sysfs that were written to, whatever came of it: by them a device may have come to another driver. */
  readonly written: Set<string>;
}

export const sideOf = (kernel: Kernel): Side => ({ kernel, fds: new Map(), memory: new Map(), written: new Set() });

/** What an act answers where it made no call: neither kernel was asked. */
export const NOT_ASKED = Symbol('not asked');

/** A call. It holds no state of a run, so that a part of a sequence can be run again. */
export interface Act {
  /** What is called, for the count of answers. */
  readonly name: string;
  /** The whole call, for people. */
  readonly text: string;
  run(side: Side): unknown;
}

/** A descriptor that no process here has open. */
const NOT_OPEN = 9999;

export const fdOf = (side: Side, name: string): number => side.fds.get(name) ?? NOT_OPEN;

export const act = (name: string, about: string, run: Act['run']): Act => ({ name, text: `${name} ${about}`, run });

/** A call that makes a descriptor, kept under a name. */
export function opens(fd: string, name: string, about: string, run: (side: Side) => number | Promise<number>): Act {
  return {
    name,
    text: `${fd} = ${name} ${about}`,
    async run(side) {
      if (side.fds.has(fd)) return NOT_ASKED;
      side.fds.set(fd, await run(side));
      return 'fd';
    },
  };
}

export const closes = (fd: string): Act =>
  act('close', fd, (side) => {
    side.kernel.close(fdOf(side, fd));
    side.fds.delete(fd);
  });

export const writes = (path: string, text: string): Act =>
  act('write', `${path} ${JSON.stringify(text)}`, ({ kernel, written }) => {
    written.add(path);
    return kernel.writeFile(path, text);
  });

export const containerFd = (n: number): string => `c${n}`;
/** A made-up group has one device, and no number that is known beforehand. */
export const groupFd = ({ group, address }: LockstepDevice): string =>
  group === 'made-up' ? `g:${address}` : `g${group}`;
export const deviceFd = ({ address }: LockstepDevice): string => `d${address}`;
export const eventFd = (n: number): string => `e${n}`;
