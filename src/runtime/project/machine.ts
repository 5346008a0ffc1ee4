import type { DeviceRef, DeviceUse, HostInventory, NameService } from '../../model/index.ts';
import type { Kernel } from '../kernel/port.ts';
import type { NamedPlugin } from '../plugins/found-plugin.ts';

/**
 * A host to plan for and to act on: the live machine, or a simulated one made from a snapshot. Which of the two it is,
 * nothing after this needs to know.
 */
export interface Machine {
  readonly inventory: HostInventory;
  /** Digest of the inventory, `sha256:…`. */
  readonly digest: string;
  readonly names: NameService;
  /** The snapshot's absolute path; null on the live machine. */
  readonly hostFile: string | null;
  /** The plugins that the manifest lists: a simulated host needs them again on the way back. */
  readonly plugins: readonly NamedPlugin[];
  kernel(): Promise<Kernel>;
  /**
   * Looks at what keeps devices busy: files that processes other than this one have open or mapped. One look at all processes,
   * which tells of as many devices as it is asked for.
   */
  lookAtUses(): (device: DeviceRef) => readonly DeviceUse[];
  /** Keeps what a simulated host has become, so that the next command finds it so. Does nothing on the live machine. */
  save(kernel: Kernel): Promise<void>;
}
