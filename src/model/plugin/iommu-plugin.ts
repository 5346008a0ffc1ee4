import type { Bytes, Iova, IovaRange } from '../address.ts';
import type { HostDevice, HostIndex, VfioBackend } from '../inventory.ts';
import type { ResolvedVm } from '../resolved.ts';
import type { PluginDescription, PluginLaw, PluginOptions } from './plugin.ts';
import type { SimulatedIommu, SimulatedProcess } from './simulation.ts';

/** An IOMMU model: what a manifest calls it, and its number for the kernel. */
export interface IommuModel {
  readonly name: string;
  /** For VFIO_CHECK_EXTENSION and VFIO_SET_IOMMU; null where the backends of the host say. */
  readonly extension: number | null;
}

/** How well a plugin fits a host of which the manifest does not say the model. */
export type IommuClaim =
  /** The host has the hardware that it is for. */
  | 'exact'
  /** It would work, and another may know more. */
  | 'generic'
  | 'none';

/** What the hooks of an IOMMU plugin are given. */
export interface DomainContext {
  /** With its devices, its memory in the order of the manifest, and its model. */
  readonly vm: ResolvedVm;
  readonly host: HostIndex;
  readonly options: PluginOptions;
}

/** A member of the argument of an ioctl, in the byte order of the host. */
export interface IoctlMember {
  readonly name: string;
  readonly width: 1 | 2 | 4 | 8;
  readonly value: bigint;
  /** What it must hold after the call. */
  readonly expect?: bigint;
}

/** An ioctl of a container. */
export interface ContainerIoctl {
  readonly kind: 'ioctl';
  /** Its name in the header. */
  readonly request: string;
  /** Above VFIO_BASE. */
  readonly number: number;
  readonly fields: readonly IoctlMember[];
  /** What the call must return at least; without it, 0. */
  readonly atLeast?: number;
  /** What it does, in words. */
  readonly meaning: string;
}

/** A step of building a domain. */
export type DomainStep = {
  /** Tells it from the other steps of the domain: `geometry`, `bank/0`. */
  readonly subject: string;
  /** Why, for the reviewer of a plan. */
  readonly cause: string;
} & (
  | (ContainerIoctl & {
      /** What takes it back. */
      readonly undo?: ContainerIoctl & { readonly cause: string };
    })
  /** VFIO_IOMMU_GET_INFO of type 1, held against what the plan needs. */
  | {
      readonly kind: 'check-info';
      readonly pageSize: Bytes;
      readonly ranges: readonly IovaRange[];
      readonly mappings: number;
    }
);

/** A part of the VM's memory that is mapped by one VFIO_IOMMU_MAP_DMA. */
export interface DomainMapping {
  /** Which entry of the manifest's memory. */
  readonly memory: number;
  /** From where in it, in bytes. */
  readonly offset: Bytes;
  readonly iova: Iova;
  readonly size: Bytes;
  /** What else a reviewer should know of it: that the first one makes the window active. */
  readonly remark?: string;
  /** The same of its way back: that with it, which is the last one, the window closes. */
  readonly undoRemark?: string;
}

/** A parameter of a kernel module that has to be on. It is put back on the way back. */
export interface ParameterSwitch {
  readonly module: string;
  readonly parameter: string;
  readonly value: 'Y';
  readonly cause: string;
}

/**
 * How the DMA of a VM's devices is translated, or that it is not. Hooks are pure: the same context gives the same steps,
 * and nothing else happens. What a hook leaves out is taken from the plugin that it builds on.
 */
export interface IommuPlugin extends PluginDescription {
  readonly kind: 'iommu';
  /** The first is what it stands for where a manifest does not say. */
  readonly models: readonly IommuModel[];
  /** The name of an IOMMU plugin that this one builds on. Its laws hold too, but for those whose id this one has. */
  readonly on?: string;
  /** Whether devices are kept from memory that is not mapped for them. Where not, groups are made up and nothing is mapped. */
  readonly isolates: boolean;
  /** Modules that must be there, each with why. */
  readonly modules?: readonly { readonly module: string; readonly why: string }[];
  readonly laws?: readonly PluginLaw<DomainContext>[];
  claims(host: HostIndex): IommuClaim;
  /** The backend of the host that a model without a number of its own stands for; undefined where the host has none. */
  backend?(host: HostIndex): VfioBackend | undefined;
  parameters?(context: DomainContext): readonly ParameterSwitch[];
  /** After the groups have joined and the model is set, before a device is opened. */
  configure?(context: DomainContext): readonly DomainStep[];
  /** What is mapped, in order; the memory itself is allocated by the core. */
  mappings?(context: DomainContext): readonly DomainMapping[];
  /** After the last mapping, before interrupts. */
  complete?(context: DomainContext): readonly DomainStep[];
  /** What this IOMMU is to a device, a line each: its stream ids, its LIODN. */
  describe?(device: HostDevice, host: HostIndex): readonly string[];
  /** The backend in a simulated kernel, for models that the kernel model does not know. */
  simulate?(host: HostIndex, process: SimulatedProcess): SimulatedIommu;
}

/** The laws of a VM's IOMMU, each with the plugin that has it: of two with one id that of the nearer plugin. */
export function domainLaws(
  plugins: readonly IommuPlugin[],
): readonly { readonly plugin: IommuPlugin; readonly law: PluginLaw<DomainContext> }[] {
  const all = plugins.flatMap((plugin) => (plugin.laws ?? []).map((law) => ({ plugin, law })));
  return all.filter(({ law }, index) => all.findIndex((other) => other.law.id === law.id) === index);
}
