import type { IommuGroup, PciDevice, PlatformDevice } from '../../../model/inventory.ts';
import type { ConfigSpace } from './config-space.ts';
import type { EventfdState } from './eventfds.ts';
import type { Interrupts } from './interrupts.ts';
import type { RegisterModel } from '../../../model/plugin/simulation.ts';
import type { DeviceModel, SimulatedHolder } from './options.ts';
import type { PlatformInterrupts } from './platform-interrupts.ts';
import type { SparseMemory } from './sparse-memory.ts';

/** A device as the driver core sees it. */
interface DriverCoreDevice {
  readonly model: DeviceModel;
  /** The group of its IOMMU; else, while it is on a VFIO driver, the one that no-IOMMU mode made up for it. */
  group: SimGroup | null;
  /** Drivers that match it by its ids, the one of the start first. */
  readonly matching: readonly string[];
  driver: string | null;
  override: string | null;
}

export interface SimPciDevice extends DriverCoreDevice {
  readonly kind: 'pci';
  readonly info: PciDevice;
  /** VFs that are there, and whether host drivers take new ones; null without the capability. */
  readonly sriov: { enabled: number; autoprobe: boolean } | null;
  /** While it is on a VFIO driver. */
  vfio: PciVfioDevice | null;
}

/** A device of the platform bus, the AMBA bus, or another one without ids to be probed. */
export interface SimPlatformDevice extends DriverCoreDevice {
  readonly kind: 'platform';
  readonly info: PlatformDevice;
  /** They keep what was written to them, whoever closes the device: nothing but a reset changes that. */
  readonly registers: RegisterModel;
  vfio: PlatformVfioDevice | null;
}

export type SimDevice = SimPciDevice | SimPlatformDevice;

/** An IOMMU group. */
export interface SimGroup {
  readonly info: IommuGroup;
  /** No IOMMU is behind it: no-IOMMU mode made it for one device, and it goes with it. */
  readonly noiommu: boolean;
  readonly members: SimDevice[];
  /** While a device of it is on a VFIO driver. */
  vfio: VfioGroup | null;
  /** Who owns the DMA of the group in user space (`iommu_group_claim_dma_owner`). */
  owner: VfioGroup | null;
}

export interface Node {
  uid: number;
  gid: number;
  mode: number;
}

/** VFIO's side of an IOMMU group, with its node (`struct vfio_group`). */
export interface VfioGroup {
  /** Null once its last device has left VFIO: what is still open of it is dead. */
  group: SimGroup | null;
  readonly devices: Map<string, VfioDevice>;
  node: Node;
  /** Simulated time from which udev has made the node. */
  readonly nodeSinceMs: number;
  /** References to the one open file: its descriptor, and each device that is open. */
  fileRefs: number;
  /** Who has it open. */
  openedBy: SimulatedHolder | null;
  container: Container | null;
  /** Devices that are open. */
  users: number;
}

/** A device on a VFIO driver (`struct vfio_device`). */
interface RegisteredDevice {
  readonly group: VfioGroup;
  /** Descriptors of it that are open, and parts of it that are mapped. */
  openCount: number;
  /** An unbind waits for the last descriptor; nobody can open it any more. */
  leaving: boolean;
  /** So does its removal from the machine. */
  unplugged: boolean;
}

/** On vfio-pci or a variant of it (`struct vfio_pci_core_device`). */
export interface PciVfioDevice extends RegisteredDevice {
  readonly kind: 'pci';
  readonly device: SimPciDevice;
  readonly config: ConfigSpace;
  readonly interrupts: Interrupts;
  readonly bars: SparseMemory;
}

/** A region of a platform device (`struct vfio_platform_region`). */
export interface PlatformRegion {
  readonly size: bigint;
  readonly flags: number;
}

/** On vfio-platform or vfio-amba (`struct vfio_platform_device`). */
export interface PlatformVfioDevice extends RegisteredDevice {
  readonly kind: 'platform';
  readonly device: SimPlatformDevice;
  readonly regions: readonly PlatformRegion[];
  readonly interrupts: PlatformInterrupts;
  /** The kernel has a reset handler for it. */
  readonly hasReset: boolean;
  /** What `vfio_platform.reset_required` was when the driver took it; AMBA devices never need one. */
  readonly resetRequired: boolean;
}

export type VfioDevice = PciVfioDevice | PlatformVfioDevice;

/** What VFIO_SET_IOMMU puts behind a container. */
export interface IommuBackend {
  attach(group: SimGroup): void;
  detach(group: SimGroup): void;
  /** The last group left: every mapping goes. */
  release(): void;
  /** The container's own ioctls; undefined for one that it does not know. */
  ioctl(number: number, argument: Buffer | number | null): number | undefined;
  checkExtension(extension: number): number;
}

export interface Container {
  readonly groups: Set<VfioGroup>;
  /** Whether its groups are those of no-IOMMU mode; the last one that joined said so. */
  noiommu: boolean;
  iommu: IommuBackend | null;
}

export interface MemfdState {
  readonly hugePageSize: bigint | null;
  size: bigint;
  /** Huge pages that are reserved for it. */
  reserved: bigint;
  /** Its descriptors and the areas that map it. */
  refs: number;
}

/** What a descriptor stands for. */
export type OpenFile =
  | { readonly kind: 'container'; readonly container: Container }
  | { readonly kind: 'group'; readonly group: VfioGroup }
  | { readonly kind: 'device'; readonly device: VfioDevice }
  | { readonly kind: 'eventfd'; readonly eventfd: EventfdState }
  | { readonly kind: 'memfd'; readonly memfd: MemfdState };
