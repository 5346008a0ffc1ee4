import type { Plan, Step, StepKind } from '../model/index.ts';
import { verifyPlan } from '../compiler/verify/verify.ts';

/** The lists of steps of a plan. */
export type StepListName = 'up' | 'down' | 'recover';

/** What verification says of a plan, a line each. */
export const sentencesOf = (plan: Plan): string =>
  verifyPlan(plan)
    .map(({ detail }) => detail)
    .join('\n');

/** A plan with a list of its steps made anew. Nothing depends on anything, so that order is all that is wrong. */
export const edited = (plan: Plan, list: StepListName, edit: (steps: readonly Step[]) => readonly Step[]): Plan => ({
  ...plan,
  [list]: edit(plan[list] ?? []).map((step) => ({ ...step, dependsOn: [] })),
});

/** The place of the first step of a kind. Throws where the list has none: the test would prove nothing. */
function placeOf(plan: Plan, list: StepListName, kind: StepKind): number {
  const at = (plan[list] ?? []).findIndex((step) => step.kind === kind);
  if (at < 0) throw new Error(`the plan of the test has no ${kind} in ${list}`);
  return at;
}

/** A plan with the first step of a kind changed. */
export function change(plan: Plan, list: StepListName, kind: StepKind, what: object): Plan {
  const at = placeOf(plan, list, kind);
  return edited(plan, list, (steps) => steps.map((step, i) => (i === at ? ({ ...step, ...what } as Step) : step)));
}

/** A plan without all steps of some kinds. */
export function without(plan: Plan, list: StepListName, ...kinds: readonly StepKind[]): Plan {
  for (const kind of kinds) placeOf(plan, list, kind);
  return edited(plan, list, (steps) => steps.filter((step) => !kinds.includes(step.kind)));
}

/** A plan with one step more. */
export const extra = (plan: Plan, list: StepListName, step: object, end: 'first' | 'last' = 'last'): Plan =>
  edited(plan, list, (steps) => {
    const added = { id: 'extra', resource: '', cause: '', dependsOn: [], ...step } as unknown as Step;
    return end === 'first' ? [added, ...steps] : [...steps, added];
  });

/** A plan with some steps moved to one end of their list. */
export function moved(
  plan: Plan,
  list: StepListName,
  wanted: (step: Step) => boolean,
  end: 'first' | 'last' = 'first',
): Plan {
  if (!(plan[list] ?? []).some(wanted)) throw new Error(`the plan of the test has no such step in ${list}`);
  return edited(plan, list, (steps) => {
    const some = steps.filter(wanted);
    const rest = steps.filter((step) => !wanted(step));
    return end === 'first' ? [...some, ...rest] : [...rest, ...some];
  });
}
