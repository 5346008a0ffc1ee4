import type {
  DomainMapping,
  DomainStep,
  ParameterSwitch,
  ResetAction,
  ResolvedDevice,
  ResolvedVm,
} from '../../model/index.ts';

/** What a plugin wants done to a device at one moment: to silence it, then to reset it. */
export interface Program {
  readonly quiesce: readonly ResetAction[];
  readonly reset: readonly ResetAction[];
}

/** What a reset plugin said of a device. */
export interface AskedDevice {
  /** Its name with kind, for the steps. */
  readonly plugin: string;
  readonly beforeUse: Program;
  readonly afterUse: Program;
  readonly afterCrash: Program;
}

/** What an IOMMU plugin said of a VM. */
export interface AskedDomain {
  /** Its name with kind, for the steps. */
  readonly plugin: string;
  readonly parameters: readonly ParameterSwitch[];
  readonly configure: readonly DomainStep[];
  readonly mappings: readonly DomainMapping[];
  readonly complete: readonly DomainStep[];
  /** What this IOMMU is to each assigned device, a line each. */
  readonly descriptions: ReadonlyMap<ResolvedDevice, readonly string[]>;
}

/** Everything that plugins said of a manifest: what lowering makes steps of. */
export interface Asked {
  readonly domains: ReadonlyMap<ResolvedVm, AskedDomain>;
  /** Devices that no plugin is for are not in it. */
  readonly devices: ReadonlyMap<ResolvedDevice, AskedDevice>;
  /** Those that were asked, in the order of their names. */
  readonly plugins: readonly { readonly name: string; readonly version: string }[];
}
