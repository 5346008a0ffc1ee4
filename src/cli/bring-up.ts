import type { Plan } from '../model/index.ts';
import { objectsOf } from '../runtime/project/host-objects.ts';
import { ProjectRun, type RunOutcome } from '../runtime/project/project-run.ts';
import { type BringUp, failureStatus } from './bring-up-outcome.ts';
import { LOCK_WAIT_MS } from './changing.ts';
import { ExitStatus } from './exit-status.ts';
import { failureText, leftOverLines, placeOf, progress, statusOfBack } from './progress.ts';
import { Signals } from './signals.ts';
import type { Terminal } from './verb.ts';

/** Carries a plan out, in this process or in a supervisor, and returns the exit status of `up`. */
export async function bringUp(options: BringUp): Promise<number> {
  const held = options.plan.assignments.some((entry) => entry.handoff === 'hold');
  if (options.detached && held) {
    const { startSupervisor } = await import('./supervise.ts');
    return startSupervisor(options);
  }
  return bringUpHere(options, held);
}

async function bringUpHere(options: BringUp, held: boolean): Promise<number> {
  const { invocation, plan, machine, state, detached } = options;
  const { terminal, global } = invocation;
  const say = (line: string) => terminal.err(`${line}\n`);
  const signals = new Signals();
  try {
    const run = await ProjectRun.prepare({
      plan,
      machine,
      directory: state.project(plan.project),
      ownerKind: 'foreground',
      source: options.source,
      events: progress(say, global),
      signal: signals.signal,
      now: () => new Date(),
    });
    const outcome = await run.up();
    if (outcome.kind !== 'up') return failedStatus('up', outcome, plan, terminal, signals);
    if (detached) {
      // Nothing of `handoff: bind` dies with a process, so none has to stay.
      run.release();
      if (!global.quiet) say(`Project ${plan.project} is up (bound). "vfio-compose down" takes it back.`);
      return ExitStatus.done;
    }
    options.changed();
    if (!global.quiet)
      say(`Project ${plan.project} is up${held ? ', held by this process' : ''}. Ctrl-C takes it back.`);
    await signals.arrived();
    return await takeBack(options, run, signals, say);
  } finally {
    signals.dispose();
  }
}

async function takeBack(
  options: BringUp,
  run: ProjectRun,
  signals: Signals,
  say: (line: string) => void,
): Promise<number> {
  const release = await options.locks.take(objectsOf(options.plan), LOCK_WAIT_MS);
  try {
    const status = statusOfBack(await run.down(), say);
    if (status !== ExitStatus.done) return status;
    if (!options.invocation.global.quiet) say(`Project ${options.plan.project} is down; the host is as it was.`);
    return signals.status();
  } finally {
    release();
  }
}

/** Says why a plan could not be carried out and what became of the host, and gives the status for it. */
export function failedStatus(
  verb: string,
  outcome: Exclude<RunOutcome, { kind: 'up' }>,
  plan: Plan,
  terminal: Terminal,
  signals: Signals,
): number {
  const failure = outcome.kind === 'back' ? null : outcome.failure;
  if (failure) {
    terminal.err(`vfio-compose ${verb}: failed at ${placeOf(plan, failure)}\n  ${failureText(failure)}\n`);
  }
  if (outcome.kind === 'stuck') {
    terminal.err(`${leftOverLines(outcome.left).join('\n')}\n`);
    return ExitStatus.failedAndNotRolledBack;
  }
  terminal.err('Everything that had been done was taken back; the host is as it was.\n');
  return failureStatus(failure?.kind, signals);
}
