import type { HostIndex, ResolvedManifest, ResolvedVm } from '../../model/index.ts';
import type { StepList } from './steps.ts';

interface Switch {
  readonly module: string;
  readonly parameter: string;
}

const UNSAFE_INTERRUPTS: Switch = { module: 'vfio_iommu_type1', parameter: 'allow_unsafe_interrupts' };
const NOIOMMU_MODE: Switch = { module: 'vfio', parameter: 'enable_unsafe_noiommu_mode' };

/** Sets allow_unsafe_interrupts where a VM accepts it and the host needs it. */
export function lowerUnsafeInterrupts(
  manifest: ResolvedManifest,
  host: HostIndex,
  steps: StepList,
  after: readonly string[],
): string[] {
  const vm = manifest.vms.find((candidate) => candidate.iommu.unsafeInterrupts);
  if (!vm || host.inventory.iommu.interruptRemapping !== false) return [];
  const cause = `UNSAFE: ${vm.name} accepts a host without interrupt remapping`;
  return turnOn(UNSAFE_INTERRUPTS, vm, cause, host, steps, after);
}

/**
 * Turns no-IOMMU mode on where a VM asks for it by name (R-GROUP-3), before any device is bound: the kernel makes the
 * group of a device in its bind (vfio_group_find_or_alloc in drivers/vfio/group.c). Being the first of the way here, it is
 * the last of the way back, when nothing is bound any more.
 */
export function lowerNoiommuMode(
  manifest: ResolvedManifest,
  host: HostIndex,
  steps: StepList,
  after: readonly string[],
): string[] {
  const vm = manifest.vms.find((candidate) => candidate.iommu.type === 'noiommu');
  if (!vm) return [];
  const cause = `UNSAFE: ${vm.name} takes devices without an IOMMU; while this is on, root may do so with any device`;
  return turnOn(NOIOMMU_MODE, vm, cause, host, steps, after);
}

/** Sets a parameter that is N to Y, and puts it back. */
function turnOn(
  { module, parameter }: Switch,
  vm: ResolvedVm,
  cause: string,
  host: HostIndex,
  steps: StepList,
  after: readonly string[],
): string[] {
  const before = host.inventory.modules[module]?.parameters[parameter] ?? 'N';
  if (before === 'Y') return [];
  const resource = `module ${module}`;
  const subject = `${module}.${parameter}`;
  const which = { module, parameter };
  const reason = { resource, cause, at: vm.iommu.at, after };
  const set = steps.add('set-module-parameter', subject, reason, { ...which, value: 'Y' });
  steps.undo('set-module-parameter', set, subject, { resource, cause: 'as it was' }, { ...which, value: before });
  return [set];
}
