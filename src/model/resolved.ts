import type { Bytes, Iova } from './address.ts';
import type { PciDevice } from './inventory.ts';
import type { Span } from './span.ts';

/** A manifest in which every name is bound to a thing of the host and every default is written out. */
export interface ResolvedManifest {
  readonly name: string;
  readonly vms: readonly ResolvedVm[];
}

export interface ResolvedVm {
  readonly name: string;
  readonly at: Span;
  readonly iommu: {
    readonly type: 'type1' | 'type1v2';
    readonly unsafeInterrupts: boolean;
    readonly at: Span;
  };
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
}

export interface ResolvedMemory {
  readonly iova: Iova;
  readonly size: Bytes;
  readonly backing: 'anonymous' | 'hugetlb' | 'memfd';
  /** Size of its huge pages; null for ordinary pages. */
  readonly pageSize: Bytes | null;
  readonly access: 'read' | 'write' | 'read-write';
  readonly at: Span;
  readonly iovaAt: Span;
  readonly sizeAt: Span;
}

/** Why a device is in the plan although the manifest may not name it itself. */
export type Origin =
  | { readonly kind: 'named' }
  | { readonly kind: 'one-of-all' }
  | { readonly kind: 'below-bridge'; readonly bridge: PciDevice }
  | { readonly kind: 'group-sibling'; readonly of: PciDevice };

export interface ResolvedDevice {
  /** The name in the manifest; where one entry stands for several devices, with the address behind it (`nics@0000:01:00.0`). */
  readonly name: string;
  readonly vm: string;
  readonly device: PciDevice;
  readonly origin: Origin;
  /** `take` assigns it; `detach` only takes its driver away, to make the group viable. */
  readonly use: 'assign' | 'detach';
  readonly driver: string;
  readonly reset: 'required' | 'preferred' | 'none';
  readonly groupPolicy: 'strict' | 'take' | 'detach';
  readonly irqs: readonly {
    readonly index: 'intx' | 'msi' | 'msix' | 'err' | 'req';
    readonly count: number;
    readonly at: Span;
  }[];
  readonly guest: { readonly placement: 'function' | 'own-bus' | 'group-bridge'; readonly address: string | null };
  readonly inUse: 'refuse' | 'take';
  /** The device's entry in the manifest. */
  readonly at: Span;
  /** What selected it there: the address, the id, … */
  readonly selectorAt: Span;
}

/** Users and groups by name, as the host knows them: what `handoff: bind` needs. */
export interface NameService {
  user(name: string): number | undefined;
  group(name: string): number | undefined;
}

/** Another project that runs on this host, as far as planning is concerned. */
export interface RunningProject {
  readonly name: string;
  readonly devices: readonly { readonly address: string; readonly group: number }[];
}
