import type { IommuGroup, PciDevice } from '../../../model/inventory.ts';
import type { ConfigSpace } from './config-space.ts';
import type { EventfdState, Interrupts } from './interrupts.ts';
import type { DeviceModel } from './options.ts';
import type { SparseMemory } from './sparse-memory.ts';

/** A PCI device as the driver core sees it. */
export interface SimDevice {
  readonly info: PciDevice;
  readonly model: DeviceModel;
  readonly group: SimGroup | null;
  /** Drivers that match it by its ids, the one of the start first. */
  readonly matching: readonly string[];
  driver: string | null;
  override: string | null;
  /** While it is on a VFIO driver. */
  vfio: VfioDevice | null;
}

/** An IOMMU group. */
export interface SimGroup {
  readonly info: IommuGroup;
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
  container: Container | null;
  /** Devices that are open. */
  users: number;
}

/** A device on a VFIO driver (`struct vfio_pci_core_device`). */
export interface VfioDevice {
  readonly device: SimDevice;
  readonly group: VfioGroup;
  /** Descriptors of it that are open. */
  openCount: number;
  /** An unbind waits for the last descriptor; nobody can open it any more. */
  leaving: boolean;
  readonly config: ConfigSpace;
  readonly interrupts: Interrupts;
  readonly bars: SparseMemory;
}

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
