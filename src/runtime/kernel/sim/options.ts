import type { HostInventory, RegisterModel, SimulatedIommu, SimulatedProcess } from '../../../model/index.ts';
import type { ErrnoName } from '../errno.ts';

/** What an inventory does not say about a device. */
export interface DeviceModel {
  /** PCI Express (4 KiB of configuration space, an error interrupt). */
  readonly pcie?: boolean;
  readonly irqs?: { readonly intx?: number; readonly msi?: number; readonly msix?: number };
  /** How many vectors the host can give; asking for more is answered with this number, and none is enabled. */
  readonly vectorsAvailable?: number;
  /** The BAR with the MSI-X table. */
  readonly msixBar?: number;
  /** Opening it fails so. */
  readonly openFails?: ErrnoName;
  /** A slot or bus reset of it begins, and fails so: ENOTTY where the link does not come back. */
  readonly hotResetFails?: ErrnoName;
  readonly registers?: RegisterModel;
  /**
   * Whether the kernel can reset this platform device; where it is left out, its first "compatible" and the modules of
   * the inventory say so.
   */
  readonly resetHandler?: boolean;
  /** What the reset handler of a platform device returns. */
  readonly resetFails?: ErrnoName;
  /** By index, what the kernel answered when vfio-platform asked for the interrupt: EBUSY where its line is not shared. */
  readonly irqFails?: ReadonlyMap<number, ErrnoName>;
}

/** A process, as the list of a group's holders names it. */
export interface SimulatedHolder {
  readonly pid: number;
  readonly command: string;
}

export interface SimulationOptions {
  /** By address. */
  readonly devices?: ReadonlyMap<string, DeviceModel>;
  /** Drivers that match a device by its ids besides the one that it is on at the start, by address. */
  readonly matchingDrivers?: ReadonlyMap<string, readonly string[]>;
  /**
   * The same host as another process left it: drivers, overrides, modules and owners of nodes are taken from here, what
   * each driver brings along from the inventory.
   */
  readonly state?: HostInventory;
  /** IOMMU backends that are not of the mainline kernel, by extension: each makes what goes behind one container. */
  readonly backends?: ReadonlyMap<number, (process: SimulatedProcess) => SimulatedIommu>;
  /** How long udev takes to make a node, in simulated milliseconds. */
  readonly nodeDelayMs?: number;
  /** How many huge pages the system finds memory for; as many as it is asked for, if nothing is said. */
  readonly hugePagesToFind?: number;
  /** Whether the process has CAP_SYS_RAWIO, without which no-IOMMU mode is closed to it. It has, if nothing is said. */
  readonly mayRawIo?: boolean;
  /** Who makes the calls, for the list of a group's holders. */
  readonly process?: SimulatedHolder;
}
