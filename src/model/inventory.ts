export type {
  BlockDevice,
  Holder,
  HostInventory,
  HugePagePool,
  IommuGroup,
  IommuUnit,
  KernelModule,
  Netdev,
  PciDevice,
  PciResource,
  PlatformDevice,
  ReservedRegion,
  VfioBackend,
} from './generated/snapshot.ts';
import type { Bdf } from './bdf.ts';
import { type DeviceTree, type DeviceTreeNode, treeIn } from './device-tree.ts';
import type { HostInventory, IommuGroup, PciDevice, PlatformDevice } from './generated/snapshot.ts';

/**
 * A device of the host, told apart by `bus`. Its `address` is what Linux calls it on that bus, which is also what
 * VFIO_GROUP_GET_DEVICE_FD takes: `0000:01:00.0`, `fff51000.ethernet`.
 */
export type HostDevice = PciDevice | PlatformDevice;

export const isPci = (device: HostDevice): device is PciDevice => device.bus === 'pci';

/** An inventory with the look-ups that every stage needs. Built once; never changed. */
export interface HostIndex {
  readonly inventory: HostInventory;
  /** By what Linux calls it: a PCI address, or the name of a platform device. */
  readonly byAddress: ReadonlyMap<string, HostDevice>;
  readonly pciByAddress: ReadonlyMap<Bdf, PciDevice>;
  /** Devices by their node in the device tree. */
  readonly byTreePath: ReadonlyMap<string, PlatformDevice>;
  readonly groups: ReadonlyMap<number, IommuGroup>;
  /** The devices of a group, in order of address. */
  readonly members: ReadonlyMap<number, readonly HostDevice[]>;
  /** The devices directly below a bridge, by the bridge's sysfs path, in order of address. */
  readonly below: ReadonlyMap<string, readonly PciDevice[]>;
  /** The host's device tree; null where it has none. Made when first asked for. */
  readonly tree: DeviceTree | null;
}

/**
 * Order of devices: PCI first, by address as numbers (that is their text, since every field has a fixed width; longer
 * domains come last), then the others by name.
 */
export function byAddress(a: HostDevice, b: HostDevice): number {
  if (isPci(a) !== isPci(b)) return isPci(a) ? -1 : 1;
  const longer = isPci(a) ? a.address.length - b.address.length : 0;
  return longer || (a.address < b.address ? -1 : a.address > b.address ? 1 : 0);
}

export function indexHost(inventory: HostInventory): HostIndex {
  const members = new Map<number, HostDevice[]>();
  const below = new Map<string, PciDevice[]>();
  const devices = [...inventory.devices].sort(byAddress);
  const pci = devices.filter(isPci);
  for (const device of devices) if (device.group !== null) push(members, device.group, device);
  for (const device of pci) push(below, device.sysfsPath.slice(0, device.sysfsPath.lastIndexOf('/')), device);
  return {
    inventory,
    byAddress: new Map(devices.map((device) => [device.address, device])),
    pciByAddress: new Map(pci.map((device) => [device.address, device])),
    byTreePath: new Map(
      devices.flatMap((device) => (isPci(device) || device.treePath === null ? [] : [[device.treePath, device]])),
    ),
    groups: new Map(inventory.groups.map((group) => [group.id, group])),
    members,
    below,
    get tree() {
      return inventory.deviceTree ? treeIn(inventory.deviceTree) : null;
    },
  };
}

/** A device's node in the host's tree; undefined without one, such as for a PCI function or an ACPI device. */
export const nodeOf = (device: HostDevice, host: HostIndex): DeviceTreeNode | undefined =>
  isPci(device) || device.treePath === null ? undefined : host.tree?.byPath.get(device.treePath);

function push<K, T>(map: Map<K, T[]>, key: K, item: T): void {
  const list = map.get(key);
  if (list) list.push(item);
  else map.set(key, [item]);
}

/** Drivers that leave a group viable: their devices do no DMA through the DMA API (drivers/iommu, `driver_managed_dma`). */
const HARMLESS_DRIVERS: ReadonlySet<string> = new Set(['pcieport', 'pci-stub']);

/** Whether a driver is a VFIO driver: vfio-pci, or a variant such as mlx5_vfio_pci. */
export const isVfioDriver = (driver: string): boolean => /(^|[-_])vfio([-_]|$)/.test(driver);

/**
 * Whether the kernel would call a group with this member viable (R-GROUP-1): it has no driver, a VFIO driver, or one
 * that manages its own DMA.
 */
export const leavesGroupViable = (device: HostDevice): boolean =>
  device.driver === null || isVfioDriver(device.driver) || HARMLESS_DRIVERS.has(device.driver);
