import { chmodSync, chownSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { encodePlan } from '../../compiler/plan-file/encode.ts';
import { LIMITS } from '../../model/index.ts';
import { directoryWith } from '../../testing/directory.ts';
import { smmuPlan } from '../../testing/platform-plan.ts';
import { PlanLost, readProjectPlan } from './recover.ts';
import { StateDirectory } from './state-directory.ts';

const PLAN = smmuPlan();

/** A project directory with this plan in it. */
function projectWith(text: string, name = PLAN.project) {
  const directory = new StateDirectory(directoryWith({})).project(name);
  directory.create();
  writeFileSync(directory.plan(), text, { mode: 0o600 });
  return directory;
}

it('reads the plan that a project was brought up with', () => {
  expect(readProjectPlan(projectWith(encodePlan(PLAN)))).toEqual(PLAN);
});

it.each([
  ['nothing', ''],
  ['a part of it', encodePlan(PLAN).slice(0, -40)],
  ['a plan that breaks a law', encodePlan({ ...PLAN, down: [] })],
])('SECURITY: a project whose plan is %s has none', (_, text) => {
  expect(() => readProjectPlan(projectWith(text))).toThrow(PlanLost);
});

it('SECURITY: takes no plan of another project for its own', () => {
  expect(() => readProjectPlan(projectWith(encodePlan(PLAN), 'another'))).toThrow(`plan of project ${PLAN.project}`);
});

it('SECURITY: reads no plan that is a link, that others may write, or that is larger than a plan', () => {
  const directory = projectWith(encodePlan(PLAN));
  chmodSync(directory.plan(), 0o666);
  expect(() => readProjectPlan(directory)).toThrow('may be written by others');
  chmodSync(directory.plan(), 0o600);
  renameSync(directory.plan(), `${directory.plan()}.real`);
  symlinkSync(`${directory.plan()}.real`, directory.plan());
  expect(() => readProjectPlan(directory)).toThrow('is a symbolic link');
  rmSync(directory.plan());
  writeFileSync(directory.plan(), '', { mode: 0o600 });
  truncateSync(directory.plan(), LIMITS.plan.bytes + 1);
  expect(() => readProjectPlan(directory)).toThrow(`more than ${LIMITS.plan.bytes} bytes`);
});

it.runIf(process.getuid?.() === 0)('SECURITY: reads no plan that belongs to somebody else', () => {
  const directory = projectWith(encodePlan(PLAN));
  chownSync(directory.plan(), 65_534, 65_534);
  expect(() => readProjectPlan(directory)).toThrow('belongs to uid 65534');
});
