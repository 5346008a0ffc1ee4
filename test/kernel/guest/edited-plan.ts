import { readFileSync } from 'node:fs';
import type { Finished } from './command.ts';
import { ended, type Project } from './project.ts';

/** A step of a plan file, as far as an edit needs to know it. */
export interface EditableStep {
  kind: string;
  id: string;
  resource: string;
  dependsOn: string[];
  iova?: string;
  ranges?: unknown[];
  owned?: string[];
}

export interface EditablePlan {
  up: EditableStep[];
  down: EditableStep[];
}

/** Saves a project's plan, for {@link upEdited}. */
export async function savePlan(of: Project): Promise<string> {
  const file = of.file('plan.json');
  ended(await of.run('plan', ['--out', file]), 0, 'plan --out');
  return file;
}

/**
 * Runs a saved plan after an edit that takes it past what the compiler knows to be refused: what refuses then is the
 * kernel itself.
 */
export async function upEdited(of: Project, saved: string, edit: (plan: EditablePlan) => void): Promise<Finished> {
  const plan = JSON.parse(readFileSync(saved, 'utf8')) as EditablePlan;
  edit(plan);
  return of.run('up', ['-d', '--yes', '--plan', of.file('edited.json', JSON.stringify(plan))], {
    withoutManifest: true,
  });
}

/** Takes the steps about a resource out of a plan, and out of what other steps depend on. */
export function withoutResource(plan: EditablePlan, resource: string): void {
  const keep = (step: EditableStep): boolean => step.resource !== resource;
  const gone = new Set([...plan.up, ...plan.down].filter((step) => !keep(step)).map((step) => step.id));
  for (const list of ['up', 'down'] as const) {
    plan[list] = plan[list].filter(keep);
    for (const step of plan[list]) step.dependsOn = step.dependsOn.filter((id) => !gone.has(id));
  }
}
