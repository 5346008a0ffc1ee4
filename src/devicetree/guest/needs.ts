import type { Extent } from '../overlap.ts';
import { linuxInterrupts } from '../interrupts.ts';
import { linuxRegions, type RegRegion } from '../regions.ts';
import type { DeviceTree, DeviceTreeNode } from '../../model/index.ts';

/** An assigned platform device, as far as the guest's tree is concerned. */
export interface GuestDevice {
  /** Its name in the manifest: the label of its node. */
  readonly name: string;
  readonly node: DeviceTreeNode;
  readonly bus: 'platform' | 'amba';
  /** Paths of the nodes below it that go with it. */
  readonly included: ReadonlySet<string>;
  /** Guest physical address of its first region; null where the layout chooses. */
  readonly base: bigint | null;
  /** Guest number of its first interrupt; null where the layout chooses. */
  readonly interrupt: number | null;
}

/** A device with those of the same VM whose nodes stand below its own and go with it. */
export interface GuestUnit {
  readonly device: GuestDevice;
  /** In the order of the tree. */
  readonly inside: readonly GuestDevice[];
}

/** AMBA_NR_IRQS of include/linux/amba/bus.h. */
const AMBA_INTERRUPTS = 9;

/** The devices of a VM that have a place of their own in the guest, in their order, each with those that live inside it. */
export function guestUnits(tree: DeviceTree, devices: readonly GuestDevice[]): GuestUnit[] {
  const position = new Map(tree.nodes.map((node, index) => [node, index]));
  const holds = (outer: GuestDevice, inner: GuestDevice): boolean =>
    outer !== inner && outer.included.has(inner.node.path);
  return devices
    .filter((device) => !devices.some((outer) => holds(outer, device)))
    .map((device) => ({
      device,
      inside: devices
        .filter((inner) => holds(device, inner))
        .sort((a, b) => (position.get(a.node) ?? 0) - (position.get(b.node) ?? 0)),
    }));
}

/** The regions that VFIO gives of a device, memory only: an I/O port has no address in a guest without such ports. */
export function regionsOf(tree: DeviceTree, { node, bus }: GuestDevice): RegRegion[] {
  const regions = linuxRegions(tree, node).slice(0, bus === 'amba' ? 1 : undefined);
  return regions.filter(({ flags, size }) => flags.space === 'memory' && size > 0n);
}

/** The interrupts that VFIO gives of a device. */
export const interruptsGiven = (tree: DeviceTree, { node, bus }: GuestDevice): ReturnType<typeof linuxInterrupts> =>
  linuxInterrupts(tree, node).slice(0, bus === 'amba' ? AMBA_INTERRUPTS : undefined);

/** A run of the host's addresses and how far behind the unit's base the guest has it. */
export interface NeededWindow extends Extent {
  readonly offset: bigint;
}

/** How much room a unit takes in the guest. */
export interface GuestNeeds {
  readonly windows: readonly NeededWindow[];
  /** Bytes from the base to the end of the last page. */
  readonly size: bigint;
  readonly interrupts: number;
}

/**
 * What a unit needs: each region on pages of its own, in the order of VFIO's indices, then the regions of the devices
 * inside it. A region that lies in an earlier one needs nothing: it is seen there, as on the host.
 */
export function guestNeeds(tree: DeviceTree, { device, inside }: GuestUnit, pageSize: bigint): GuestNeeds {
  const windows: NeededWindow[] = [];
  let size = 0n;
  let interrupts = 0;
  for (const one of [device, ...inside]) {
    interrupts += interruptsGiven(tree, one).length;
    for (const region of regionsOf(tree, one)) {
      const extent = extentOf(region);
      if (!extent || windows.some((window) => contains(window, extent))) continue;
      windows.push({ ...extent, offset: size });
      size += ((extent.size + pageSize - 1n) / pageSize) * pageSize;
    }
  }
  return { windows, size, interrupts };
}

/** Where the CPU sees a region; null where it does not. */
export const extentOf = ({ cpuAddress, size }: RegRegion): Extent | null =>
  cpuAddress.kind === 'address' ? { start: cpuAddress.address, size } : null;

export const contains = (outer: Extent, inner: Extent): boolean =>
  outer.start <= inner.start && inner.start + inner.size <= outer.start + outer.size;
