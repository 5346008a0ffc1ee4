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
  ReservedRegion,
} from './generated/snapshot.ts';
import type { Bdf } from './bdf.ts';
import type { HostInventory, IommuGroup, PciDevice } from './generated/snapshot.ts';

/** An inventory with the look-ups that every stage needs. Built once; never changed. */
export interface HostIndex {
  readonly inventory: HostInventory;
  readonly byAddress: ReadonlyMap<Bdf, PciDevice>;
  readonly groups: ReadonlyMap<number, IommuGroup>;
  /** The devices of a group, in order of address. */
  readonly members: ReadonlyMap<number, readonly PciDevice[]>;
  /** The devices directly below a bridge, by the bridge's sysfs path, in order of address. */
  readonly below: ReadonlyMap<string, readonly PciDevice[]>;
}

/** Order of PCI addresses as numbers: their text, since every field has a fixed width (longer domains come last). */
export const byAddress = (a: PciDevice, b: PciDevice): number =>
  a.address.length - b.address.length || (a.address < b.address ? -1 : a.address > b.address ? 1 : 0);

export function indexHost(inventory: HostInventory): HostIndex {
  const members = new Map<number, PciDevice[]>();
  const below = new Map<string, PciDevice[]>();
  const push = <K>(map: Map<K, PciDevice[]>, key: K, device: PciDevice) => {
    const list = map.get(key);
    if (list) list.push(device);
    else map.set(key, [device]);
  };
  const devices = [...inventory.devices].sort(byAddress);
  for (const device of devices) {
    if (device.group !== null) push(members, device.group, device);
    push(below, device.sysfsPath.slice(0, device.sysfsPath.lastIndexOf('/')), device);
  }
  return {
    inventory,
    byAddress: new Map(devices.map((device) => [device.address, device])),
    groups: new Map(inventory.groups.map((group) => [group.id, group])),
    members,
    below,
  };
}

/** Drivers that leave a group viable: their devices do no DMA through the DMA API (drivers/iommu, `driver_managed_dma`). */
const HARMLESS_DRIVERS: ReadonlySet<string> = new Set(['pcieport', 'pci-stub']);

/** Whether a driver is a VFIO driver: vfio-pci, or a variant such as mlx5_vfio_pci. */
export const isVfioDriver = (driver: string): boolean => /(^|[-_])vfio([-_]|$)/.test(driver);

/**
 * Whether the kernel would call a group with this member viable (R-GROUP-1): it has no driver, a VFIO driver, or one
 * that manages its own DMA.
 */
export const leavesGroupViable = (device: PciDevice): boolean =>
  device.driver === null || isVfioDriver(device.driver) || HARMLESS_DRIVERS.has(device.driver);
