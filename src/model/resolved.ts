import type { Bytes, Iova } from './address.ts';
import type { HostDevice, PciDevice, PlatformDevice } from './inventory.ts';
import type { IommuPlugin } from './plugin/iommu-plugin.ts';
import type { PluginOptions } from './plugin/plugin.ts';
import type { ResetPlugin } from './plugin/reset-plugin.ts';
import type { Span } from './span.ts';

/** A manifest in which every name is bound to a thing of the host and every default is written out. */
export interface ResolvedManifest {
  readonly name: string;
  readonly vms: readonly ResolvedVm[];
  readonly virtualFunctions: readonly ResolvedVirtualFunctions[];
}

/** A physical function that stays with the host, and the VFs that it has while the project is up. */
export interface ResolvedVirtualFunctions {
  readonly name: string;
  readonly device: PciDevice;
  readonly count: number;
  readonly at: Span;
  readonly selectorAt: Span;
  readonly countAt: Span;
}

export interface ResolvedVm {
  readonly name: string;
  readonly at: Span;
  readonly iommu: ResolvedIommu;
  readonly handoff:
    | { readonly mode: 'hold'; readonly at: Span }
    | {
        readonly mode: 'bind';
        readonly at: Span;
        /** As written: a name or a number. Null leaves the node's owner alone. */
        readonly user: string | number | null;
        readonly group: string | number | null;
        /** Permission bits of the nodes; null leaves them alone. */
        readonly permissions: number | null;
      };
  readonly memory: readonly ResolvedMemory[];
  readonly msi: { readonly banks: number; readonly at: Span };
  readonly devices: readonly ResolvedDevice[];
  /** The program that uses the devices; null where the manifest names none. */
  readonly run: ResolvedRun | null;
}

export interface ResolvedRun {
  /** The program by its absolute path, and its arguments. */
  readonly command: readonly string[];
  /** As written: a name or a number. Null for the user of vfio-compose. */
  readonly user: string | number | null;
  /** As written; null for the primary group of the user. */
  readonly group: string | number | null;
  readonly workingDirectory: string;
  readonly environment: readonly { readonly name: string; readonly value: string }[];
  readonly onExit: 'release' | 'restart' | 'hold';
  readonly at: Span;
}

export interface ResolvedIommu {
  /** The model's name: `type1v2`. */
  readonly type: string;
  /** Its number for VFIO_CHECK_EXTENSION and VFIO_SET_IOMMU. */
  readonly extension: number;
  /** False where nothing keeps the devices from the memory of the host: groups are made up, nothing is mapped. */
  readonly isolates: boolean;
  /** The plugin whose model it is, the one that this builds on behind it, and so on. Never empty. */
  readonly plugins: readonly IommuPlugin[];
  readonly options: PluginOptions;
  readonly unsafeInterrupts: boolean;
  readonly at: Span;
}

/** The plugin that silences and resets a device. */
export interface ResolvedReset {
  readonly plugin: ResetPlugin;
  /** Why this one: `calxeda,hb-xgmac`, or that the manifest names it. */
  readonly because: string;
  readonly options: PluginOptions;
  readonly at: Span;
}

export interface ResolvedMemory {
  readonly iova: Iova;
  readonly size: Bytes;
  readonly backing: 'anonymous' | 'hugetlb' | 'memfd';
  /** Size of its huge pages; null for ordinary pages. */
  readonly pageSize: Bytes | null;
  /** Whether huge pages that the pool lacks are added to it. */
  readonly reserve: boolean;
  readonly access: 'read' | 'write' | 'read-write';
  readonly at: Span;
  readonly iovaAt: Span;
  readonly sizeAt: Span;
}

/** How many huge pages an entry takes; 0 for one of ordinary pages. */
export const hugePagesOf = ({ size, pageSize }: ResolvedMemory): bigint =>
  pageSize === null || pageSize === 0n ? 0n : (size + pageSize - 1n) / pageSize;

/** Why a device is in the plan although the manifest may not name it itself. */
export type Origin =
  | { readonly kind: 'named' }
  | { readonly kind: 'one-of-all' }
  | { readonly kind: 'below-bridge'; readonly bridge: PciDevice }
  | { readonly kind: 'group-sibling'; readonly of: HostDevice }
  /** A child of a named device-tree node that is a Linux device of its own. */
  | { readonly kind: 'child'; readonly of: PlatformDevice };

/** What a device of any bus has. */
interface ResolvedCommon {
  /** The name in the manifest; where one entry stands for several devices, with the address behind it (`nics@0000:01:00.0`). */
  readonly name: string;
  readonly vm: string;
  readonly origin: Origin;
  /** `take` assigns it; `detach` only takes its driver away, to make the group viable. */
  readonly use: 'assign' | 'detach';
  readonly driver: string;
  readonly reset: 'required' | 'preferred' | 'none';
  /** Null where no plugin knows it, and where the manifest wants no reset. */
  readonly resetBy: ResolvedReset | null;
  readonly groupPolicy: 'strict' | 'take' | 'detach';
  readonly inUse: 'refuse' | 'take';
  /** The device's entry in the manifest. */
  readonly at: Span;
  /** What selected it there: the address, the id, … */
  readonly selectorAt: Span;
}

/** The kinds of interrupt of a PCI function. */
export const PCI_INTERRUPTS = ['intx', 'msi', 'msix', 'err', 'req'] as const;
export type PciInterrupt = (typeof PCI_INTERRUPTS)[number];

export interface ResolvedPciDevice extends ResolvedCommon {
  readonly bus: 'pci';
  readonly device: PciDevice;
  readonly irqs: readonly { readonly index: PciInterrupt; readonly count: number; readonly at: Span }[];
  readonly guest: { readonly placement: 'function' | 'own-bus' | 'group-bridge'; readonly address: string | null };
}

export interface ResolvedPlatformDevice extends ResolvedCommon {
  readonly bus: PlatformDevice['bus'];
  readonly device: PlatformDevice;
  readonly irqs: readonly {
    /** `vfio_index`: position in the device's interrupts. */
    readonly index: number;
    readonly unmask: 'explicit' | 'eventfd';
    readonly at: Span;
  }[];
  /** Demands on regions, by `vfio_index`. */
  readonly regions: readonly {
    readonly index: number;
    readonly cacheable: 'required' | 'preferred' | null;
    readonly mmap: 'required' | 'preferred' | null;
    readonly at: Span;
  }[];
  readonly ranges: { readonly mode: 'expose' | 'translate'; readonly at: Span };
  readonly interruptMap: { readonly mode: 'expose' | 'translate'; readonly at: Span };
  readonly children: ResolvedChildren;
  /** Where the guest sees it; null where the manifest leaves it to the layout. */
  readonly guest: { readonly base: bigint | null; readonly interrupt: number | null; readonly at: Span };
}

/** Which nodes below a device's own go with it (R-TREE-1). Empty for a device without a node. */
export interface ResolvedChildren {
  /** Tree paths of the nodes that go with it, devices of their own included; each with its whole subtree listed. */
  readonly included: readonly string[];
  /** Tree paths of the children that stay; their subtrees stay with them and are not listed. */
  readonly excluded: readonly string[];
  readonly at: Span;
}

export type ResolvedDevice = ResolvedPciDevice | ResolvedPlatformDevice;

/** The IOMMU groups whose devices a VM gets, in order. */
export function groupIds(vm: ResolvedVm): number[] {
  const ids = new Set<number>();
  for (const { device, use } of vm.devices) if (use === 'assign' && device.group !== null) ids.add(device.group);
  return [...ids].sort((a, b) => a - b);
}

/** The modules that a VM's IOMMU plugin needs: its own, or those of the one that it builds on. */
export const modulesOf = ({ iommu }: ResolvedVm): NonNullable<IommuPlugin['modules']> =>
  iommu.plugins.find(({ modules }) => modules)?.modules ?? [];

/** Users and groups by name, as the host knows them: what `handoff: bind` and `run` need. */
export interface NameService {
  user(name: string): number | undefined;
  group(name: string): number | undefined;
  /** The primary group of a user, by number. */
  primaryGroup(uid: number): number | undefined;
}

/** Another project that runs on this host, as far as planning is concerned. */
export interface RunningProject {
  readonly name: string;
  readonly devices: readonly { readonly address: string; readonly group: number | null }[];
  /** Parameters of modules that it has switched. */
  readonly parameters: readonly SwitchedParameter[];
}

/** A parameter of a kernel module that a project needs otherwise than the host had it. */
export interface SwitchedParameter {
  readonly module: string;
  readonly parameter: string;
  /** What it was before the first project switched it, and is to be again after the last. */
  readonly before: string;
}
