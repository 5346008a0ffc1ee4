import type { Plan } from '../model/index.ts';
import { objectsOf } from '../runtime/project/host-objects.ts';
import type { Machine } from '../runtime/project/machine.ts';
import { type Changing, lockObjects } from './changing.ts';
import { ExitStatus } from './exit-status.ts';
import { recoverFirst } from './recover-first.ts';
import { refuseInUse } from './refuse-in-use.ts';
import type { Invocation } from './verb.ts';

/** A plan, the host that it was made for, and the fingerprint of what it was made from. */
export interface MadePlan {
  readonly plan: Plan;
  readonly machine: Machine;
  readonly source: string;
}

/** A plan whose objects are ours to change, on the host as it is now. */
export interface LockedPlan {
  readonly machine: Machine;
  release(): void;
}

/**
 * Takes the locks of a plan and makes sure that it still fits: while it was made and approved, another run may have changed
 * the host. A status, after a message, where it does not.
 */
export async function lockPlan(
  invocation: Invocation,
  changing: Changing,
  made: MadePlan,
): Promise<LockedPlan | number> {
  const release = await lockObjects(invocation, changing, objectsOf(made.plan));
  if (typeof release === 'number') return release;
  const now = await stillFits(invocation, changing, made);
  if (typeof now !== 'number') return { machine: now, release };
  release();
  return now;
}

async function stillFits(
  invocation: Invocation,
  changing: Changing,
  { plan, machine, source }: MadePlan,
): Promise<Machine | number> {
  const { state } = changing;
  const stopped = await recoverFirst(invocation, changing, plan.project, source);
  if (stopped !== undefined) return stopped;
  const { openMachine } = await import('../runtime/project/open-machine.ts');
  const { runningProjects } = await import('../runtime/project/running.ts');
  const { checkStale } = await import('../compiler/plan-file/stale.ts');
  const { reporter } = await import('./compile-invocation.ts');
  const opened = await openMachine(machine.hostFile ?? undefined, '/', state, {
    identifiers: false,
    plugins: machine.plugins,
  });
  const { value: now } = opened;
  const wrong = now ? checkStale(plan, now.inventory, runningProjects(state, now.hostFile)) : opened.diagnostics;
  if (now && wrong.length === 0) return refuseInUse(invocation, 'up', now, plan.assignments) ?? now;
  await reporter(invocation, wrong, new Map())();
  return now ? ExitStatus.refusedForSafety : ExitStatus.hostCannot;
}
