import { constants } from 'node:os';
import type { Plan } from '../model/index.ts';
import { objectsOf } from '../runtime/project/host-objects.ts';
import { ProjectRun, type RunOutcome } from '../runtime/project/project-run.ts';
import { realClock } from '../runtime/supervision/clock.ts';
import { eventFile } from '../runtime/supervision/events.ts';
import { keepLastRun } from '../runtime/supervision/last-run.ts';
import { ProjectLog } from '../runtime/supervision/project-log.ts';
import { serviceManager } from '../runtime/supervision/service-manager.ts';
import { type BringUp, failureStatus } from './bring-up-outcome.ts';
import { LOCK_WAIT_MS } from './changing.ts';
import { ExitStatus } from './exit-status.ts';
import { type HoldEnd, holdProject, type Holding } from './hold-project.ts';
import { keepAndShow } from './keep-and-show.ts';
import { failureText, leftOverLines, placeOf, progress, statusOfBack } from './progress.ts';
import { Signals } from './signals.ts';
import type { Terminal } from './verb.ts';

/** Carries a plan out, in this process or in a supervisor, and returns the exit status of `up`. */
export async function bringUp(options: BringUp): Promise<number> {
  if (options.detached && (isHeld(options.plan) || options.plan.processes !== undefined)) {
    const { startSupervisor } = await import('./supervise.ts');
    return startSupervisor(options);
  }
  return bringUpHere(options);
}

const isHeld = ({ assignments }: Plan): boolean => assignments.some(({ handoff }) => handoff === 'hold');

async function bringUpHere(options: BringUp): Promise<number> {
  const { invocation, plan, machine, state, detached } = options;
  const { terminal, global } = invocation;
  const signals = new Signals();
  const directory = state.project(plan.project);
  const log = new ProjectLog(directory.log(), realClock);
  const say = (line: string): void => {
    log.say(null, line);
    terminal.err(`${line}\n`);
  };
  const emit = eventFile(directory.events(), plan.project, realClock);
  state.lastRun(plan.project).remove();
  const manager = await serviceManager(terminal.env);
  let released = false;
  try {
    const run = await ProjectRun.prepare({
      plan,
      machine,
      directory,
      ownerKind: 'foreground',
      source: options.source,
      events: progress(say, global),
      signal: signals.signal,
      now: () => new Date(),
      leaving: () => {
        emit({ kind: 'down' });
        if (released) keepLastRun(directory, state.lastRun(plan.project));
      },
    });
    emit({ kind: 'starting' });
    const outcome = await run.up();
    if (outcome.kind !== 'up') return failedStatus('up', outcome, plan, terminal, signals);
    if (detached) {
      // Nothing of `handoff: bind` dies with a process, so none has to stay.
      emit({ kind: 'up' });
      run.release();
      if (!global.quiet) say(`Project ${plan.project} is up (bound). "vfio-compose down" takes it back.`);
      return ExitStatus.done;
    }
    const end = await holdHere(options, run, { signals, emit, manager, log, say });
    released = end.kind === 'released';
    if (end.kind === 'not-started') say(`vfio-compose up: ${end.failure}`);
    return await takeBack(options, run, say, statusOfEnd(end, signals));
  } finally {
    manager.dispose();
    signals.dispose();
  }
}

function holdHere(
  { plan, state, machine, invocation, changed }: BringUp,
  run: ProjectRun,
  { log, ...own }: Pick<Holding, 'signals' | 'emit' | 'manager' | 'say'> & { readonly log: ProjectLog },
): Promise<HoldEnd> {
  return holdProject({
    ...own,
    run,
    plan,
    state,
    simulated: machine.hostFile !== null,
    output: (vm) => (stream, source) => keepAndShow(log, vm, source, process[stream]),
    ready: () => {
      changed();
      if (invocation.global.quiet) return;
      own.say(`Project ${plan.project} is up${isHeld(plan) ? ', held by this process' : ''}. Ctrl-C takes it back.`);
    },
  });
}

/** The status of `up` once everything is back: that of the process where it has ended, as a shell counts. */
function statusOfEnd(end: HoldEnd, signals: Signals): number {
  switch (end.kind) {
    case 'signal':
      return signals.status();
    case 'not-started':
      return ExitStatus.failedAndRolledBack;
    case 'released':
      return end.exit.status ?? 128 + (constants.signals[end.exit.signal as NodeJS.Signals] ?? 0);
  }
}

async function takeBack(
  options: BringUp,
  run: ProjectRun,
  say: (line: string) => void,
  status: number,
): Promise<number> {
  // A process that could not be started has not come to `ready`: the locks are still those of `up`.
  options.changed();
  const release = await options.locks.take(objectsOf(options.plan), LOCK_WAIT_MS);
  try {
    const back = statusOfBack(await run.down(), say);
    if (back !== ExitStatus.done) return back;
    if (!options.invocation.global.quiet) say(`Project ${options.plan.project} is down; the host is as it was.`);
    return status;
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
