import { disabledBy, linuxRegions, regRegions } from '../../../devicetree/index.ts';
import type { RegRegion } from '../../../devicetree/index.ts';
import { type DeviceTree, type DeviceTreeNode, type Extent, nodeOf } from '../../../model/index.ts';
import type { HostIndex, ResolvedPlatformDevice } from '../../../model/index.ts';

/** Registers of a node where the CPU sees them, as an inclusive range. */
export interface Registers extends Extent {
  readonly node: DeviceTreeNode;
  /** Position in its `reg`, which is the `vfio_index` of a region. */
  readonly index: number;
}

/** The registers in memory space that a node has, whether or not Linux makes a device of it. */
export const registersOf = (tree: DeviceTree, node: DeviceTreeNode): Registers[] =>
  regRegions(tree, node).flatMap((region) => registers(node, region));

/** The regions in memory space that VFIO would offer of a device. */
export function regionsOf(entry: ResolvedPlatformDevice, host: HostIndex): Registers[] {
  const node = nodeOf(entry.device, host);
  if (!host.tree || !node) return [];
  const all = linuxRegions(host.tree, node);
  // An amba_device has one resource (include/linux/amba/bus.h).
  return (entry.bus === 'amba' ? all.slice(0, 1) : all).flatMap((region) => registers(node, region));
}

function registers(node: DeviceTreeNode, { cpuAddress, flags, size, dtIndex }: RegRegion): Registers[] {
  if (cpuAddress.kind === 'none' || flags.space !== 'memory' || size === 0n) return [];
  return [{ node, index: dtIndex, first: cpuAddress.address, last: cpuAddress.address + size - 1n }];
}

/** The page frames that a range touches: what can be mapped of it is whole frames. */
export const framesOf = ({ first, last }: Extent, pageSize: number): Extent => ({
  first: first - (first % BigInt(pageSize)),
  last: last - (last % BigInt(pageSize)) + BigInt(pageSize) - 1n,
});

/** A node and everything below it. */
export function subtreeOf(node: DeviceTreeNode): DeviceTreeNode[] {
  const nodes = [node];
  for (const one of nodes) nodes.push(...one.children);
  return nodes;
}

/** The nodes that go to somebody with a device: its own and its included children. */
export function nodesWith(entry: ResolvedPlatformDevice, host: HostIndex): DeviceTreeNode[] {
  const node = nodeOf(entry.device, host);
  if (!node) return [];
  const below = entry.children.included.flatMap((path) => host.tree?.byPath.get(path) ?? []);
  return [node, ...below];
}

/** The nodes that stand in a table of what the host uses: those that are not switched off and say what they are. */
export const nodesInUse = (tree: DeviceTree): DeviceTreeNode[] =>
  tree.nodes.filter((node) => node.properties.has('compatible') && disabledBy(node) === null);
