import type { Bytes } from '../address.ts';
import type { DeviceTreeNode } from '../device-tree.ts';
import type { HostDevice, HostIndex, PciDevice } from '../inventory.ts';
import type { PluginDescription, PluginLaw, PluginOptions } from './plugin.ts';
import type { RegisterAction } from './registers.ts';
import type { RegisterModel } from './simulation.ts';
import type { ResolvedDevice } from '../resolved.ts';

/** Which devices a plugin is for. */
export type ResetMatch =
  /** One of the strings of the node's `compatible`; the earlier in the device's list, the closer (R-RESET-2). */
  | { readonly compatible: string }
  /** Ids of four hexadecimal digits, class of two, four or six; what is left out may be anything. */
  | {
      readonly pci: {
        readonly vendor?: string;
        readonly device?: string;
        readonly subsystem?: { readonly vendor: string; readonly device: string };
        readonly class?: string;
      };
    };

/** A region that VFIO exposes of a device. */
export interface TargetRegion {
  /** `vfio_index`. */
  readonly index: number;
  /** In bytes; null where only the running kernel knows. */
  readonly size: Bytes | null;
  /** From `reg-names`, or `BAR 0`, `configuration space`. */
  readonly name: string | null;
}

/** A function beside a PCI function: on its bus, itself among them. */
export interface PciNeighbour {
  readonly device: PciDevice;
  /** The VM whose entry it is; null for one that stays with the host. */
  readonly vm: string | null;
  /** Whether it is this plan that binds or keeps it on VFIO, as a hot reset demands. One that is only detached is not. */
  readonly held: boolean;
}

/** What a hook knows of the device that it is about. All of it is of the snapshot that is planned from. */
export interface ResetTarget {
  readonly device: HostDevice;
  /** Its node; null where it has none. */
  readonly node: DeviceTreeNode | null;
  /** Most specific first; empty without a node. */
  readonly compatible: readonly string[];
  readonly regions: readonly TargetRegion[];
  /** The kernel's own module that resets it; null where there is none, and for a PCI function. */
  readonly kernelHandler: string | null;
  /** For a PCI function: what is beside it, and what can reset it alone, in the kernel's order. */
  readonly pci: {
    readonly neighbours: readonly PciNeighbour[];
    readonly ownMethods: readonly string[];
    /** The whole of `reset_method`. */
    readonly methods: readonly string[];
  } | null;
  readonly host: HostIndex;
}

/** When a hook's steps will run. */
export type ResetMoment =
  /** The device was opened, and nothing is mapped yet: its last owner may have left it running. */
  | 'before-use'
  /** Its user is done; its memory is still mapped. */
  | 'after-use'
  /** Whoever held it is gone, and it was opened again to be silenced. */
  | 'after-crash';

/** What a reset plugin can ask for: accesses to its device's registers, and what the kernel does for it. */
export type ResetAction =
  | RegisterAction
  /** VFIO_DEVICE_RESET. */
  | { readonly kind: 'kernel-reset'; readonly why: string }
  /** VFIO_DEVICE_PCI_HOT_RESET of the slot or bus, all of whose functions the plan must hold; once for all of them. */
  | { readonly kind: 'hot-reset'; readonly why: string };

/** What a law of a reset plugin looks at. */
export interface ResetLawContext {
  readonly target: ResetTarget;
  /** The device as the manifest has it, with the places to point at. */
  readonly entry: ResolvedDevice;
  readonly options: PluginOptions;
}

/**
 * How one kind of device is silenced and reset (R-RESET-2). Hooks are pure: the same target and options give the same
 * steps, and nothing else happens.
 */
export interface ResetPlugin extends PluginDescription {
  readonly kind: 'reset';
  readonly matches: readonly ResetMatch[];
  readonly laws?: readonly PluginLaw<ResetLawContext>[];
  /** Interrupts off, then DMA off, and the read-backs that prove it (R-RESET-4). */
  quiesce(target: ResetTarget, options: PluginOptions, moment: ResetMoment): readonly ResetAction[];
  /** From quiesced to a known state; left out where quiescing is all that there is. */
  reset?(target: ResetTarget, options: PluginOptions, moment: ResetMoment): readonly ResetAction[];
  /** The device's registers for a simulated kernel; left out, they keep what is written to them. */
  model?(target: Pick<ResetTarget, 'device' | 'node' | 'compatible' | 'regions'>): RegisterModel;
}
