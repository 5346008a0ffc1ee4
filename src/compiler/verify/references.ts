import type { Step } from '../../model/index.ts';
import type { Law } from './law.ts';

/** Ids are unique, a step depends on earlier steps only, and every step of the way back undoes a step of `up`. */
export const checkReferences: Law = function* (plan) {
  const up = new Set(plan.up.map((step) => step.id));
  const seen = new Set<string>();
  for (const [list, steps] of [
    ['up', plan.up],
    ['down', plan.down],
  ] as const) {
    yield* listReferences(steps, seen);
    for (const step of steps) {
      const undoes = step.undoes;
      if (list === 'up' && undoes !== undefined) yield `${step.id} is a step of up and says that it undoes ${undoes}.`;
      if (list === 'down' && (undoes === undefined || !up.has(undoes))) {
        yield `${step.id} is on the way back and undoes ${undoes ?? 'nothing'}, which is no step of up.`;
      }
    }
  }
};

function* listReferences(steps: readonly Step[], seen: Set<string>): Generator<string> {
  for (const step of steps) {
    if (seen.has(step.id)) yield `Two steps have the id ${step.id}.`;
    for (const id of step.dependsOn) {
      if (!seen.has(id)) yield `${step.id} depends on ${id}, which does not come before it.`;
    }
    seen.add(step.id);
  }
}
