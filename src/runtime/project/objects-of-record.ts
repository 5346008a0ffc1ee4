import type { Plan } from '../../model/index.ts';
import { type HostObject, objectsOf } from './host-objects.ts';
import type { ProjectRecord } from './record.ts';
import { PlanLost, readProjectPlan } from './recover.ts';
import type { StateDirectory } from './state-directory.ts';

/** What the way back of a recorded project may change. Where its plan is lost, what the record itself names. */
export function objectsOfRecord({ name, assignments }: ProjectRecord, state: StateDirectory): HostObject[] {
  return objectsOf(planOf(name, state) ?? { project: name, assignments: [...assignments], up: [], down: [] });
}

function planOf(name: string, state: StateDirectory): Plan | undefined {
  try {
    return readProjectPlan(state.project(name));
  } catch (error) {
    if (error instanceof PlanLost) return undefined;
    throw error;
  }
}
