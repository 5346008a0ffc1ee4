import type { Plan, StepOf } from '../../model/index.ts';
import type { ExecutorEvents } from '../executor/execute.ts';
import type { ProjectRecord, RecordedParameter } from './record.ts';

/** The parameters of modules that a plan switches, with what they were before. */
export const switchedBy = ({ down }: Plan): RecordedParameter[] =>
  down
    .filter((step) => step.kind === 'set-module-parameter')
    .map(({ module, parameter, value, id }) => ({ module, parameter, before: value, step: id }));

/** A step of the way back that is left to another project. */
export interface LeftToAnother {
  readonly step: StepOf<'set-module-parameter'>;
  readonly project: string;
}

/**
 * The parameters that other projects on the same host need as they are. The last of them puts one back: each has the same
 * way back in its plan.
 */
export function leftToOthers({ down }: Plan, others: readonly ProjectRecord[]): LeftToAnother[] {
  return down.flatMap((step) => {
    if (step.kind !== 'set-module-parameter') return [];
    const needs = others.find(({ parameters = [] }) =>
      parameters.some(({ module, parameter }) => module === step.module && parameter === step.parameter),
    );
    return needs ? [{ step, project: needs.name }] : [];
  });
}

/** The ids of those steps, each told to whoever follows the run. */
export function stepsOfOthers(
  plan: Plan,
  others: readonly ProjectRecord[],
  events: ExecutorEvents,
): ReadonlySet<string> {
  const left = leftToOthers(plan, others);
  for (const { step, project } of left) events.left?.(step, project);
  return new Set(left.map(({ step }) => step.id));
}
