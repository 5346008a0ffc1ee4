import {
  type Coherency,
  coherency,
  compatibleOf,
  correlate,
  correlateParts,
  type CorrelationRow,
  dependenciesOf,
  type Dependency,
  type DmaCoherence,
  dmaCoherence,
  driverMadeDevices,
  indexDependencies,
  kernelNumbering,
  kernelResetHandler,
  type Liodn,
  linuxNameOf,
  linuxRegions,
  liodnOf,
  type MsiIsolation,
  msiIsolation,
  otherBusOf,
  sharedWith,
  type Streams,
  streamsOf,
} from '../../devicetree/index.ts';
import type { DeviceTree, DeviceTreeNode, HostIndex, PlatformDevice } from '../../model/index.ts';

/** What a node below a device is to Linux. */
export interface ChildReport {
  readonly path: string;
  readonly kind: 'device' | 'made-by-driver' | 'other-bus' | 'description';
  /** What Linux calls its device, or would; null for a node that is none of the platform bus. */
  readonly name: string | null;
  readonly group: number | null;
  readonly driver: string | null;
  /** The bus that it is on, where that is another. */
  readonly bus: string | null;
  readonly hasStream: boolean;
}

export interface DependencyReport extends Dependency {
  /** The node that needs it: the device's, or one below it. */
  readonly path: string;
  /** Other nodes that use the same. */
  readonly others: readonly DeviceTreeNode[];
}

/** What the device tree says about a device. */
export interface TreeReport {
  readonly node: DeviceTreeNode;
  readonly linuxName: string;
  readonly compatible: readonly string[];
  readonly status: string;
  readonly streams: Streams;
  readonly liodn: Liodn | null;
  readonly coherency: Coherency;
  readonly dma: DmaCoherence;
  readonly msi: MsiIsolation;
  readonly resetHandler: string | null;
  readonly children: readonly ChildReport[];
  readonly table: readonly CorrelationRow[];
  readonly dependencies: readonly DependencyReport[];
  /** Dependencies that cannot be read, in words. */
  readonly broken: readonly string[];
}

/** A device of the platform or AMBA bus, or a node that has none; `tree` is null where there is no node. */
export interface PlatformReport {
  readonly device: PlatformDevice | null;
  readonly tree: TreeReport | null;
}

/** Everything about one platform device or node. */
export function platformReport(host: HostIndex, what: PlatformDevice | DeviceTreeNode): PlatformReport {
  const device = 'sysfsPath' in what ? what : null;
  const path = 'sysfsPath' in what ? what.treePath : what.path;
  const { tree } = host;
  const node = tree && path !== null ? tree.byPath.get(path) : undefined;
  return { device, tree: tree && node ? treeReport(host, tree, node, device) : null };
}

function treeReport(
  host: HostIndex,
  tree: DeviceTree,
  node: DeviceTreeNode,
  device: PlatformDevice | null,
): TreeReport {
  const made = new Map(driverMadeDevices(tree).map((one) => [one.node, one.name]));
  const isDevice = (at: DeviceTreeNode): boolean => host.byTreePath.has(at.path) || made.has(at);
  const table = correlate(tree, node, kernelNumbering(device?.bus, host.inventory.vfio));
  const dependencies = dependenciesWithin(tree, node, isDevice);
  return {
    node,
    linuxName: linuxNameOf(tree, node),
    compatible: compatibleOf(node),
    status: statusOf(node),
    streams: streamsOf(tree, node),
    liodn: liodnOf(tree, node),
    coherency: coherency(tree, node),
    dma: dmaCoherence(tree, node),
    msi: msiIsolation(tree, node),
    resetHandler: kernelResetHandler(node),
    children: childrenOf(host, tree, node, made),
    // A node without a device has no index for VFIO. A device without registers, such as the root port below a PCIe
    // controller of QorIQ, is nothing to assign: what it says is shown here.
    table: [
      ...(device ? table : table.map((row) => ({ ...row, vfioIndex: null }))),
      ...correlateParts(tree, node, (at) => isDevice(at) && linuxRegions(tree, at).length > 0),
    ],
    ...dependencies,
  };
}

function statusOf(node: DeviceTreeNode): string {
  const value = node.properties.get('status');
  return value ? new TextDecoder('latin1').decode(value).replace(/\0.*$/s, '') : 'okay';
}

/** Direct children, and deeper nodes that are devices. */
function childrenOf(
  host: HostIndex,
  tree: DeviceTree,
  node: DeviceTreeNode,
  made: ReadonlyMap<DeviceTreeNode, string>,
): ChildReport[] {
  const report = (child: DeviceTreeNode): ChildReport => {
    const device = host.byTreePath.get(child.path);
    const name = device?.address ?? made.get(child) ?? null;
    const bus = name === null && child.parent ? otherBusOf(child.parent) : null;
    return {
      path: child.path,
      kind: device ? 'device' : name !== null ? 'made-by-driver' : bus ? 'other-bus' : 'description',
      name,
      group: device?.group ?? null,
      driver: device?.driver ?? null,
      bus,
      hasStream: streamsOf(tree, child).streams.length > 0,
    };
  };
  const deeper = (at: DeviceTreeNode): ChildReport[] =>
    at.children.flatMap((child) => [...(host.byTreePath.has(child.path) ? [report(child)] : []), ...deeper(child)]);
  return node.children.flatMap((child) => [report(child), ...deeper(child)]);
}

/** Dependencies of the node and of what is below it and no device of its own. */
function dependenciesWithin(
  tree: DeviceTree,
  node: DeviceTreeNode,
  isDevice: (node: DeviceTreeNode) => boolean,
): Pick<TreeReport, 'dependencies' | 'broken'> {
  const inside = new Set<DeviceTreeNode>();
  const collect = (at: DeviceTreeNode): void => {
    inside.add(at);
    for (const child of at.children) if (!isDevice(child)) collect(child);
  };
  collect(node);
  const index = indexDependencies(tree);
  const dependencies: DependencyReport[] = [];
  const broken: string[] = [];
  for (const at of inside) {
    const found = dependenciesOf(tree, at);
    for (const one of found.found) {
      if (inside.has(one.provider)) continue;
      dependencies.push({ ...one, path: at.path, others: sharedWith(index, one, inside) });
    }
    for (const { property, dtIndex, reason } of found.broken) {
      broken.push(`${property} of ${at.path}, entry ${dtIndex}: ${reason}`);
    }
  }
  return { dependencies, broken };
}
