import { driverMadeDevices, linuxDevices } from '../../devicetree/index.ts';
import { type DeviceTree, type HostInventory, type PlatformDevice, snapshotOf } from '../../model/index.ts';
import { predictGroups } from './tree-groups.ts';
import { completeVfio, machineNameOf } from './tree-machine.ts';
import { unitsOf } from './tree-units.ts';

/** What a device tree does not say of the kernel. */
export interface TreeInventoryOptions {
  /** As `uname -r`; `6.12.0` by default, the kernel whose rules the prediction follows. */
  readonly release?: string;
  /** In bytes; 4096 by default. */
  readonly pageSize?: number;
}

/**
 * What a kernel would make of a device tree: the devices of the platform and AMBA buses that it creates at boot, and those
 * that drivers known to do so create below them; their IOMMU groups; VFIO complete and not loaded. No device has a driver
 * or is in use, and there are no devices of PCI: those are found by asking the hardware.
 */
export function inventoryFromTree(tree: DeviceTree, options: TreeInventoryOptions = {}): HostInventory {
  const { release = '6.12.0', pageSize = 4096 } = options;
  const devices = devicesOf(tree);
  const { groups, byNode } = predictGroups(
    tree,
    devices.map(({ node }) => node),
  );
  return {
    format_version: 1,
    kernel: { release, architecture: machineNameOf(tree), pageSize },
    iommu: { units: unitsOf(tree), interruptRemapping: null },
    modules: completeVfio(),
    vfio: { container: true, iommufd: false },
    limits: { memlock: null, mayLockAnything: true },
    hugePages: [],
    groups: [...groups],
    devices: devices.map(({ node, bus, name, sysfsPath }): PlatformDevice => ({
      bus,
      address: name,
      sysfsPath,
      treePath: node.path,
      driver: null,
      driverOverride: null,
      group: byNode.get(node) ?? null,
      numaNode: null,
      netdevs: [],
      blocks: [],
    })),
    origin: 'device-tree',
    deviceTree: snapshotOf(tree),
  };
}

/** The devices by name, in the order of the tree. Where only a driver could make one and none is known to, there is none. */
function devicesOf(tree: DeviceTree) {
  const driverMade = driverMadeDevices(tree).filter(({ known }) => known);
  const all = [...linuxDevices(tree), ...driverMade.map((device) => ({ ...device, bus: 'platform' as const }))];
  const byName = new Map<string, (typeof all)[number]>();
  for (const device of all) if (!byName.has(device.name)) byName.set(device.name, device);
  const order = new Map(tree.nodes.map((node, index) => [node, index]));
  return [...byName.values()].sort((a, b) => (order.get(a.node) ?? 0) - (order.get(b.node) ?? 0));
}
