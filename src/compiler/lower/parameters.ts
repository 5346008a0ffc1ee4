import type { HostIndex, ParameterSwitch, ResolvedManifest, ResolvedVm } from '../../model/index.ts';
import type { Asked } from '../plugins/asked.ts';
import type { StepList } from './steps.ts';

/**
 * Turns on what the IOMMU plugins of a manifest need, each parameter once, before any device is bound. Being the first of
 * the way here, it is the last of the way back, when nothing is bound any more.
 */
export function lowerParameters(
  manifest: ResolvedManifest,
  asked: Asked,
  host: HostIndex,
  steps: StepList,
  after: readonly string[],
): string[] {
  const done = new Set<string>();
  return manifest.vms.flatMap((vm) =>
    (asked.domains.get(vm)?.parameters ?? []).flatMap((wanted) => {
      const name = `${wanted.module}.${wanted.parameter}`;
      if (done.has(name)) return [];
      done.add(name);
      return turnOn(wanted, vm, host, steps, after);
    }),
  );
}

/** Sets a parameter that is not what it should be, and puts it back. */
function turnOn(
  { module, parameter, value, cause }: ParameterSwitch,
  vm: ResolvedVm,
  host: HostIndex,
  steps: StepList,
  after: readonly string[],
): string[] {
  const before = host.inventory.modules[module]?.parameters[parameter] ?? 'N';
  if (before === value) return [];
  const resource = `module ${module}`;
  const subject = `${module}.${parameter}`;
  const which = { module, parameter };
  const reason = { resource, cause, at: vm.iommu.at, after };
  const set = steps.add('set-module-parameter', subject, reason, { ...which, value });
  steps.undo('set-module-parameter', set, subject, { resource, cause: 'as it was' }, { ...which, value: before });
  return [set];
}
