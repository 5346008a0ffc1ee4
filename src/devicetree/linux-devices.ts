import { compatibleOf, isCompatible } from './compatible.ts';
import { otherBusOf, type OtherBus } from './child-bus.ts';
import { earlyNodes } from './early-nodes.ts';
import { linuxNameOf } from './linux-name.ts';
import {
  FRAMEBUFFER,
  populationOf,
  PRIMECELL,
  RESERVED_MEMORY_DEVICES,
  SKIPPED,
  type Population,
} from './population.ts';
import { linuxRegions } from './regions.ts';
import { isAvailable } from './status.ts';
import type { DeviceTree, DeviceTreeNode } from '../model/index.ts';

/** A device that Linux makes of a node at boot. */
export interface LinuxDevice {
  readonly node: DeviceTreeNode;
  /** `ffe210000.usb`, as in `/sys/bus/platform/devices`. */
  readonly name: string;
  readonly bus: 'platform' | 'amba';
  /** The node of the device above it; null right below `/sys/devices/platform`. */
  readonly parentNode: DeviceTreeNode | null;
  /** `/sys/devices/platform/...` */
  readonly sysfsPath: string;
}

/** Why a node has no Linux device. */
export type NoDevice =
  | { readonly kind: 'root' }
  /** The `status` of `at`, the node itself or one above it, says so. */
  | { readonly kind: 'disabled'; readonly at: DeviceTreeNode }
  | { readonly kind: 'no-compatible' }
  /** An interrupt controller or a clock that Linux set up before it had devices. */
  | { readonly kind: 'set-up-early' }
  /** A table of data that Linux passes over by its compatible. */
  | { readonly kind: 'passed-over' }
  /** An AMBA device needs an address that the CPU can reach. */
  | { readonly kind: 'no-address' }
  /** On a bus of its own kind: a device of Linux perhaps, but none that vfio-platform takes. */
  | { readonly kind: 'other-bus'; readonly bus: OtherBus; readonly controller: DeviceTreeNode }
  /** Below a device that is no bus: only the driver of `parent` makes it a device, if any, and then under this name. */
  | {
      readonly kind: 'made-by-parent-driver';
      readonly parent: DeviceTreeNode;
      readonly name: string;
      readonly sysfsPath: string;
      /** Whether Linux has a driver for `parent` that is known to do so. */
      readonly known: boolean;
    }
  /** Below a node that is neither device nor bus, such as /cpus: nobody looks there. */
  | { readonly kind: 'outside'; readonly below: DeviceTreeNode }
  /** Another node's device has the name. */
  | { readonly kind: 'name-taken'; readonly by: DeviceTreeNode; readonly name: string };

/** Drivers that make platform devices of the children of their node when they bind, by compatible. */
const POPULATING_DRIVERS: ReadonlySet<string> = new Set([
  'simple-pm-bus',
  'allwinner,sun4i-a10-system-control',
  'allwinner,sun8i-h3-system-control',
  'allwinner,sun50i-a64-system-control',
  'fsl,sec-v4.0',
  'fsl,sec4.0',
  'fsl,fman',
  'fsl,weim',
  'fsl,imx6q-weim',
  'fsl,imx51-weim',
  'ti,sysc',
  'ti,am33xx-pwmss',
  'ti,omap-ocp2scp',
  'hisilicon,hip06-lpc',
  'qcom,ebi2',
  'nvidia,tegra20-gmi',
  'snps,dwc3',
  'fsl,imx8mp-dwc3',
  'qcom,dwc3',
  'xlnx,zynqmp-dwc3',
  'rockchip,rk3399-dwc3',
]);

const PLATFORM = '/sys/devices/platform';

/** What one pass over a tree needs to know. */
interface Pass {
  readonly tree: DeviceTree;
  readonly population: Population;
  readonly early: ReadonlySet<DeviceTreeNode>;
}

/** Without name and path: most trees have many such nodes, and most questions are not about them. */
type MadeByDriver = {
  readonly kind: 'made-by-parent-driver';
  readonly parent: DeviceTreeNode;
  readonly known: boolean;
};
type Fate =
  ({ readonly kind: 'device' } & LinuxDevice) | MadeByDriver | Exclude<NoDevice, { kind: 'made-by-parent-driver' }>;

const passOver = (tree: DeviceTree): Pass => ({ tree, population: populationOf(tree), early: earlyNodes(tree) });

/**
 * The devices that Linux makes of a tree at boot, in the order of the tree: of_platform_default_populate_init in
 * drivers/of/platform.c, on PowerPC the board's own table. Devices that a driver makes of its node's children are not
 * among them: see {@link driverMadeDevices}.
 */
export function linuxDevices(tree: DeviceTree): LinuxDevice[] {
  const taken = new Set<string>();
  return fates(tree).flatMap(({ fate }) => {
    if (fate.kind !== 'device' || taken.has(fate.name)) return [];
    taken.add(fate.name);
    const { kind: _, ...device } = fate;
    return [device];
  });
}

/** A device that appears once the driver of the device above it has bound, and goes when it unbinds. */
export interface DriverMadeDevice {
  readonly node: DeviceTreeNode;
  readonly name: string;
  readonly sysfsPath: string;
  readonly parent: DeviceTreeNode;
  /** Whether the driver is known to make it; else it is only what it would be called. */
  readonly known: boolean;
}

/** The nodes that may become platform devices through the driver of their parent, in the order of the tree. */
export function driverMadeDevices(tree: DeviceTree): DriverMadeDevice[] {
  const paths = new Map<DeviceTreeNode, string>();
  return fates(tree).flatMap(({ node, fate }) => {
    if (fate.kind === 'device') paths.set(node, fate.sysfsPath);
    if (fate.kind !== 'made-by-parent-driver') return [];
    const { parent, known } = fate;
    const name = linuxNameOf(tree, node);
    const sysfsPath = `${paths.get(parent) ?? PLATFORM}/${name}`;
    paths.set(node, sysfsPath);
    return [{ node, name, sysfsPath, parent, known }];
  });
}

/** Why a node has no Linux device at boot; null where it has one. */
export function whyNoDevice(tree: DeviceTree, node: DeviceTreeNode): NoDevice | null {
  const own = fates(tree).find((entry) => entry.node === node)?.fate ?? { kind: 'root' };
  if (own.kind === 'made-by-parent-driver') {
    const made = driverMadeDevices(tree).find((device) => device.node === node);
    if (!made) return { kind: 'root' };
    const { parent, name, sysfsPath, known } = made;
    return { kind: 'made-by-parent-driver', parent, name, sysfsPath, known };
  }
  if (own.kind !== 'device') return own;
  const holder = linuxDevices(tree).find(({ name }) => name === own.name);
  return holder && holder.node !== node ? { kind: 'name-taken', by: holder.node, name: own.name } : null;
}

interface Fated {
  readonly node: DeviceTreeNode;
  readonly fate: Fate;
}

/** Every question goes over the whole tree, and a plan asks several of one tree, which does not change. */
const fatesOfTrees = new WeakMap<DeviceTree, readonly Fated[]>();

function fates(tree: DeviceTree): readonly Fated[] {
  const asked = fatesOfTrees.get(tree);
  if (asked) return asked;
  const pass = passOver(tree);
  const known = new Map<DeviceTreeNode, Fate>();
  const all = tree.nodes.map((node) => {
    const fate = fateOf(pass, node, node.parent ? known.get(node.parent) : undefined);
    known.set(node, fate);
    return { node, fate };
  });
  fatesOfTrees.set(tree, all);
  return all;
}

/** What becomes of one node, once that of its parent is known. */
function fateOf(pass: Pass, node: DeviceTreeNode, above: Fate | undefined): Fate {
  const { tree, population, early } = pass;
  if (!node.parent) return { kind: 'root' };
  if (isSpecial(pass, node)) return isAvailable(node) ? deviceFate(tree, node, null) : { kind: 'disabled', at: node };
  const place = placeOf(pass, node, above);
  if (!isAvailable(node)) return { kind: 'disabled', at: node };
  if (place.kind !== 'candidate') return place;
  if (population.strict && !node.properties.has('compatible')) return { kind: 'no-compatible' };
  if (isCompatible(node, SKIPPED)) return { kind: 'passed-over' };
  if (early.has(node)) return { kind: 'set-up-early' };
  return deviceFate(tree, node, place.above);
}

/** Nodes that get a device by name rather than by place; never on PowerPC. */
function isSpecial({ tree, population }: Pass, node: DeviceTreeNode): boolean {
  if (population.from !== 'all') return false;
  if (isCompatible(node, RESERVED_MEMORY_DEVICES)) return true;
  if (node.parent?.path !== '/chosen') return false;
  const first = tree.byPath.get('/chosen')?.children.find((child) => isCompatible(child, FRAMEBUFFER));
  return first === node;
}

type Place = { readonly kind: 'candidate'; readonly above: LinuxDevice | null } | Exclude<Fate, { kind: 'device' }>;

/** Whether anybody looks at a node for devices. */
function placeOf({ population }: Pass, node: DeviceTreeNode, above: Fate | undefined): Place {
  const { parent } = node;
  if (!parent || !above) return { kind: 'root' };
  if (!parent.parent) {
    if (population.from === 'all') {
      // Populated on its own before, and so left out: only its children are candidates.
      return node.path === '/firmware' ? { kind: 'passed-over' } : { kind: 'candidate', above: null };
    }
    return population.isBus(node) ? { kind: 'candidate', above: null } : { kind: 'outside', below: parent };
  }
  if (parent.path === '/firmware' && population.from === 'all') return { kind: 'candidate', above: null };
  const disabled = above.kind === 'disabled' ? above.at : null;
  if (disabled) return { kind: 'disabled', at: disabled };
  if (above.kind === 'device') {
    // A node that got its device by name rather than by place is not looked into.
    if (above.bus === 'platform' && population.isBus(parent) && !isCompatible(parent, RESERVED_MEMORY_DEVICES)) {
      return { kind: 'candidate', above };
    }
    return belowDriver(node, parent);
  }
  if (above.kind === 'made-by-parent-driver') return belowDriver(node, parent);
  if (above.kind === 'other-bus') return above;
  return { kind: 'outside', below: parent };
}

function belowDriver(node: DeviceTreeNode, parent: DeviceTreeNode): Exclude<Fate, { kind: 'device' }> {
  const bus = otherBusOf(parent);
  if (bus) return { kind: 'other-bus', bus, controller: parent };
  if (!node.properties.has('compatible')) return { kind: 'no-compatible' };
  const known = compatibleOf(parent).some((entry) => POPULATING_DRIVERS.has(entry));
  return { kind: 'made-by-parent-driver', parent, known };
}

function deviceFate(tree: DeviceTree, node: DeviceTreeNode, above: LinuxDevice | null): Fate {
  const name = linuxNameOf(tree, node);
  const amba = isCompatible(node, PRIMECELL);
  if (amba && linuxRegions(tree, node).length === 0) return { kind: 'no-address' };
  const sysfsPath = `${above?.sysfsPath ?? PLATFORM}/${name}`;
  const bus = amba ? 'amba' : 'platform';
  return { kind: 'device', node, name, bus, parentNode: above?.node ?? null, sysfsPath };
}
