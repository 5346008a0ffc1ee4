import type { Plan, StepOf } from '../../model/index.ts';
import type { ExecutorEvents } from '../executor/execute.ts';
import type { ProjectRecord, RecordedParameter } from './record.ts';
import type { RecordedProjects } from './running.ts';

/** The parameters of modules that a plan switches, with what they were before. */
export const switchedBy = ({ down }: Plan): RecordedParameter[] =>
  down
    .filter((step) => step.kind === 'set-module-parameter')
    .map(({ module, parameter, value, id }) => ({ module, parameter, before: value, step: id }));

/** A step of the way back that is left to another project. */
export interface LeftToAnother {
  readonly step: StepOf<'set-module-parameter'>;
  readonly project: string;
  /** Whether that project is known to need it; its record may be unreadable. */
  readonly known: boolean;
}

/**
 * The parameters that other projects on the same host need as they are. The last of them puts one back: each has the same
 * way back in its plan. One whose record cannot be read may need any of them: a parameter that stays on can be put back by
 * hand, one that is switched off under a running device cannot be made good.
 */
export function leftToOthers({ down }: Plan, { records, broken }: RecordedProjects): LeftToAnother[] {
  return down.flatMap((step): LeftToAnother[] => {
    if (step.kind !== 'set-module-parameter') return [];
    const needs = records.find((record) => switches(record, step));
    if (needs) return [{ step, project: needs.name, known: true }];
    return broken.slice(0, 1).map(({ project }) => ({ step, project, known: false }));
  });
}

const switches = ({ parameters = [] }: ProjectRecord, step: LeftToAnother['step']): boolean =>
  parameters.some(({ module, parameter }) => module === step.module && parameter === step.parameter);

/** The ids of those steps, each told to whoever follows the run. */
export function stepsOfOthers(plan: Plan, others: RecordedProjects, events: ExecutorEvents): ReadonlySet<string> {
  const left = leftToOthers(plan, others);
  for (const { step, project, known } of left) events.left?.(step, project, known);
  return new Set(left.map(({ step }) => step.id));
}
