import type { ParameterSwitch, ResolvedVm } from '../../model/index.ts';
import type { LoweringInput } from './input.ts';
import type { StepList } from './steps.ts';

type Input = Pick<LoweringInput, 'manifest' | 'asked' | 'host' | 'running'>;

/**
 * Turns on what the IOMMU plugins of a manifest need, each parameter once, before any device is bound. Being the first of
 * the way here, it is the last of the way back, when nothing is bound any more.
 */
export function lowerParameters(input: Input, steps: StepList, after: readonly string[]): string[] {
  const done = new Set<string>();
  return input.manifest.vms.flatMap((vm) =>
    (input.asked.domains.get(vm)?.parameters ?? []).flatMap((wanted) => {
      const name = `${wanted.module}.${wanted.parameter}`;
      if (done.has(name)) return [];
      done.add(name);
      return turnOn(wanted, vm, input, steps, after);
    }),
  );
}

/**
 * Sets a parameter that is not what it should be, and puts it back. One that another project has set is set again, which
 * does nothing: whichever of the two goes last puts it back.
 */
function turnOn(
  { module, parameter, value, cause }: ParameterSwitch,
  vm: ResolvedVm,
  { host, running }: Input,
  steps: StepList,
  after: readonly string[],
): string[] {
  const others = running.flatMap((project) => project.parameters);
  const before =
    others.find((one) => one.module === module && one.parameter === parameter)?.before ??
    host.inventory.modules[module]?.parameters[parameter] ??
    'N';
  if (before === value) return [];
  const resource = `module ${module}`;
  const subject = `${module}.${parameter}`;
  const which = { module, parameter };
  const reason = { resource, cause, at: vm.iommu.at, after };
  const set = steps.add('set-module-parameter', subject, reason, { ...which, value });
  steps.undo('set-module-parameter', set, subject, { resource, cause: 'as it was' }, { ...which, value: before });
  return [set];
}
