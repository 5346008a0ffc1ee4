import type {
  Bytes,
  DeviceTree,
  DeviceTreeNode,
  HostInventory,
  PhysicalAddress,
  PlatformDevice,
} from '../model/index.ts';
import type { RegionFlags } from './bus.ts';
import type { Trigger } from './interrupt-specifier.ts';
import {
  type Interrupt,
  interruptMapEntries,
  interruptsOf,
  linuxInterrupts,
  type MappedInterrupt,
} from './interrupts.ts';
import { linuxRegions, rangesWindows, regRegions, type RegRegion, type Window } from './regions.ts';

/** A region of VFIO, or a window that only translates, and where the tree says so (R-TREE-2). */
export interface RegionRow {
  readonly kind: 'region';
  /** Index of the region for VFIO; null where VFIO does not expose it. */
  readonly vfioIndex: number | null;
  readonly path: string;
  readonly property: 'reg' | 'assigned-addresses' | 'ranges' | 'dma-ranges';
  /** Position in that property. */
  readonly dtIndex: number;
  readonly name: string | null;
  /** Where the CPU sees it; null with the `reason` why it does not. */
  readonly address: PhysicalAddress | null;
  readonly reason: string | null;
  readonly size: Bytes;
  readonly flags: RegionFlags;
}

/** An interrupt of VFIO, or an entry of an `interrupt-map` that only translates, and where the tree says so. */
export interface InterruptRow {
  readonly kind: 'interrupt';
  readonly vfioIndex: number | null;
  readonly path: string;
  readonly property: 'interrupts' | 'interrupts-extended' | 'interrupt-map';
  readonly dtIndex: number;
  readonly name: string | null;
  /** Tree path of the controller at the end; null with the `reason` why it is not reached. */
  readonly controller: string | null;
  readonly reason: string | null;
  /** Its number at the controller; null where only the controller's driver knows. */
  readonly hwirq: number | null;
  readonly trigger: Trigger;
  /** R-TREE-3: straight to its controller, or through an `interrupt-map`: the nexus and the position in its map. */
  readonly route:
    { readonly kind: 'direct' } | { readonly kind: 'interrupt-map'; readonly nexus: string; readonly entry: number };
}

export type CorrelationRow = RegionRow | InterruptRow;

export interface CorrelationOptions {
  /** AMBA devices have one region and at most nine interrupts (of_amba_device_create in drivers/of/platform.c). */
  readonly bus: 'platform' | 'amba';
  /** `expose` numbers the entries behind the regions of `reg`, as the proposed interface would; mainline translates only. */
  readonly ranges: 'expose' | 'translate';
  readonly interruptMap: 'expose' | 'translate';
}

/**
 * How a kernel numbers a device's regions and interrupts. One with the proposed VFIO_DEVICE_GET_DEVTREE_INFO numbers the
 * entries of `ranges` and of `interrupt-map` too, behind those that every kernel has, whatever anybody wants of them.
 *
 * @param vfio of the host's inventory.
 */
export function kernelNumbering(
  bus: PlatformDevice['bus'] | undefined,
  vfio: HostInventory['vfio'],
): CorrelationOptions {
  const more = vfio.devtreeInfo === true ? 'expose' : 'translate';
  return { bus: bus === 'amba' ? bus : 'platform', ranges: more, interruptMap: more };
}

/** AMBA_NR_IRQS of include/linux/amba/bus.h. */
const AMBA_INTERRUPTS = 9;

/** What VFIO exposes of a device and what it consumes, each with its place in the tree. */
export function correlate(tree: DeviceTree, node: DeviceTreeNode, options: CorrelationOptions): CorrelationRow[] {
  const amba = options.bus === 'amba';
  const regions = linuxRegions(tree, node).slice(0, amba ? 1 : undefined).length;
  const interrupts = linuxInterrupts(tree, node).slice(0, amba ? AMBA_INTERRUPTS : undefined).length;
  const numbered = (exposed: boolean, index: number) => (exposed ? index : null);
  return [
    ...regRegions(tree, node).map((region, i) => regionRow(node, region, numbered(i < regions, i))),
    ...rangesWindows(tree, node).map((window, i) =>
      regionRow(node, window, numbered(options.ranges === 'expose', regions + i)),
    ),
    ...interruptsOf(tree, node).map((interrupt, i) => interruptRow(node, interrupt, numbered(i < interrupts, i))),
    ...interruptMapEntries(tree, node).map((entry, i) =>
      mappedRow(node, entry, numbered(options.interruptMap === 'expose', interrupts + i)),
    ),
  ];
}

/**
 * What the nodes below a device say that are no devices themselves, such as the root port below a PCIe controller of QorIQ:
 * VFIO exposes none of it by itself. Registers that the CPU does not reach are left out: they are numbers on a bus of the
 * device's own.
 *
 * @param isDevice nodes that speak for themselves, with all below them.
 */
export function correlateParts(
  tree: DeviceTree,
  node: DeviceTreeNode,
  isDevice: (node: DeviceTreeNode) => boolean,
): CorrelationRow[] {
  return node.children.flatMap((child) =>
    isDevice(child)
      ? []
      : [
          ...correlate(tree, child, TRANSLATING)
            .filter((row) => row.kind === 'interrupt' || row.address !== null)
            .map((row) => ({ ...row, vfioIndex: null })),
          ...correlateParts(tree, child, isDevice),
        ],
  );
}

const TRANSLATING: CorrelationOptions = { bus: 'platform', ranges: 'translate', interruptMap: 'translate' };

function regionRow(node: DeviceTreeNode, region: RegRegion | Window, vfioIndex: number | null): RegionRow {
  const { cpuAddress } = region;
  const found = cpuAddress.kind === 'address';
  return {
    kind: 'region',
    vfioIndex,
    path: node.path,
    property: region.property,
    dtIndex: region.dtIndex,
    name: 'name' in region ? region.name : null,
    address: found ? cpuAddress.address : null,
    reason: found ? null : cpuAddress.reason,
    size: region.size,
    flags: region.flags,
  };
}

function interruptRow(node: DeviceTreeNode, interrupt: Interrupt, vfioIndex: number | null): InterruptRow {
  const { property, dtIndex, name } = interrupt;
  const common = { kind: 'interrupt', vfioIndex, path: node.path, property, dtIndex, name } as const;
  if (interrupt.kind === 'broken') return { ...common, ...UNKNOWN, reason: interrupt.reason };
  const { route, controller, hwirq, trigger } = interrupt;
  return {
    ...common,
    controller: controller.path,
    reason: null,
    hwirq,
    trigger,
    route: route.kind === 'direct' ? route : { kind: route.kind, nexus: route.nexus.path, entry: route.entry },
  };
}

function mappedRow(node: DeviceTreeNode, entry: MappedInterrupt, vfioIndex: number | null): InterruptRow {
  const { property, dtIndex } = entry;
  const common = { kind: 'interrupt', vfioIndex, path: node.path, property, dtIndex, name: null } as const;
  if (entry.kind === 'broken') return { ...common, ...UNKNOWN, reason: entry.reason };
  const { controller, hwirq, trigger } = entry;
  const route = { kind: 'interrupt-map', nexus: node.path, entry: dtIndex } as const;
  return { ...common, controller: controller.path, reason: null, hwirq, trigger, route };
}

const UNKNOWN = { controller: null, hwirq: null, trigger: 'unknown', route: { kind: 'direct' } } as const;
