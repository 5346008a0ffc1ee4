import { spawn } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { encodePlan } from '../compiler/plan-file/encode.ts';
import type { Plan } from '../model/index.ts';
import type { NamedPlugin } from '../runtime/plugins/index.ts';
import { openMachine } from '../runtime/project/open-machine.ts';
import { ProjectRun, type RunOutcome } from '../runtime/project/project-run.ts';
import { readProjectPlan } from '../runtime/project/recover.ts';
import { StateDirectory } from '../runtime/project/state-directory.ts';
import { realClock } from '../runtime/supervision/clock.ts';
import { eventFile } from '../runtime/supervision/events.ts';
import { keepLastRun } from '../runtime/supervision/last-run.ts';
import { ProjectLog } from '../runtime/supervision/project-log.ts';
import { serviceManager } from '../runtime/supervision/service-manager.ts';
import { writeFileAtomically } from '../runtime/write-atomically.ts';
import { objectsOf } from '../runtime/project/host-objects.ts';
import { type BringUp, failureStatus } from './bring-up-outcome.ts';
import { LOCK_WAIT_MS, locksOf } from './changing.ts';
import { ExitStatus } from './exit-status.ts';
import { holdProject } from './hold-project.ts';
import { failureText, leftOverLines, placeOf, progress, statusOfBack } from './progress.ts';
import { Signals } from './signals.ts';

/** What a supervisor tells the `up -d` that started it. */
type Message = { readonly say: string } | { readonly status: number };

/** Starts a supervisor for a plan and waits until it is up or has failed. Returns the exit status of `up -d`. */
export async function startSupervisor({ invocation, plan, machine, state, source }: BringUp): Promise<number> {
  const { terminal, global } = invocation;
  const directory = state.project(plan.project);
  directory.create();
  writeFileAtomically(directory.plan(), encodePlan(plan));
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;
  const log = openSync(directory.log(), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
  const argument = JSON.stringify({
    state: state.path,
    project: plan.project,
    host: machine.hostFile,
    plugins: machine.plugins,
    source,
    quiet: global.quiet,
    verbose: global.verbose,
  });
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1] ?? '', '__supervise', argument], {
    detached: true,
    // Away from the caller's directory, which may be on something that is to be unmounted.
    cwd: '/',
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  const status = await new Promise<number>((resolve) => {
    child.on('message', (message: Message) => {
      if ('say' in message) terminal.err(`${message.say}\n`);
      else resolve(message.status);
    });
    child.on('exit', (code, signal) => {
      terminal.err(`vfio-compose up: the supervisor ended (${signal ?? code}); its log is ${directory.log()}\n`);
      resolve(ExitStatus.failedAndNotRolledBack);
    });
    child.on('error', (error) => {
      terminal.err(`vfio-compose up: the supervisor cannot be started: ${error.message}\n`);
      resolve(ExitStatus.failedAndRolledBack);
    });
  });
  child.removeAllListeners('exit');
  if (child.connected) child.disconnect();
  child.unref();
  if (status === ExitStatus.done && !global.quiet) {
    terminal.err(`Project ${plan.project} is up, held by pid ${child.pid}. "vfio-compose down" takes it back.\n`);
  }
  return status;
}

interface SupervisorArgument {
  readonly state: string;
  readonly project: string;
  readonly host: string | null;
  readonly plugins: readonly NamedPlugin[];
  readonly source: string;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

/** The supervisor itself: brings the project up, holds it until a signal or the end of its processes, takes it back. */
export async function supervise(args: readonly string[]): Promise<number> {
  const argument = JSON.parse(args[0] ?? '') as SupervisorArgument;
  const state = new StateDirectory(argument.state);
  const directory = state.project(argument.project);
  const log = new ProjectLog(directory.log(), realClock);
  const emit = eventFile(directory.events(), argument.project, realClock);
  state.lastRun(argument.project).remove();
  const say = (line: string): void => {
    log.say(null, line);
    if (process.connected) process.send?.({ say: line } satisfies Message);
  };
  const signals = new Signals();
  const plan = readProjectPlan(directory);
  const { value: machine } = await openMachine(argument.host ?? undefined, '/', state, {
    identifiers: false,
    plugins: argument.plugins,
  });
  if (!machine) return report(ExitStatus.hostCannot);
  let released = false;
  const run = await ProjectRun.prepare({
    plan,
    machine,
    directory,
    ownerKind: 'supervisor',
    source: argument.source,
    events: progress(say, argument),
    signal: signals.signal,
    now: () => new Date(),
    leaving: () => {
      emit({ kind: 'down' });
      if (released) keepLastRun(directory, state.lastRun(argument.project));
    },
  });
  emit({ kind: 'starting' });
  const outcome = await run.up();
  if (outcome.kind !== 'up') return report(failed(outcome, plan, signals, say));
  const end = await holdProject({
    run,
    plan,
    state,
    signals,
    simulated: machine.hostFile !== null,
    output: (vm) => (_, source) => log.take(vm, source),
    manager: await serviceManager(process.env),
    emit,
    say,
    ready: async () => {
      await report(ExitStatus.done);
      // The one that started this may be gone by now; nothing depends on it any more.
      if (process.connected) process.disconnect?.();
    },
  });
  released = end.kind === 'released';
  if (end.kind === 'not-started') say(`vfio-compose up: ${end.failure}`);
  // The starter of a project that never came up has the locks, and waits for this.
  const take = () => locksOf(state, `down -p ${plan.project}`).take(objectsOf(plan), LOCK_WAIT_MS);
  const release = end.kind === 'not-started' ? undefined : await take();
  const status = statusOfBack(await run.down(), say);
  release?.();
  signals.dispose();
  return report(status === ExitStatus.done && end.kind === 'not-started' ? ExitStatus.failedAndRolledBack : status);
}

/** Says why the project did not come up and what became of the host, and gives the status for it. */
function failed(
  outcome: Exclude<RunOutcome, { kind: 'up' }>,
  plan: Plan,
  signals: Signals,
  say: (line: string) => void,
): number {
  const failure = outcome.kind === 'back' ? null : outcome.failure;
  if (failure) say(`vfio-compose up: failed at ${placeOf(plan, failure)}\n  ${failureText(failure)}`);
  if (outcome.kind === 'stuck') {
    say(leftOverLines(outcome.left).join('\n'));
    return ExitStatus.failedAndNotRolledBack;
  }
  say('Everything that had been done was taken back; the host is as it was.');
  return failureStatus(failure?.kind, signals);
}

/** Tells the starter the status, and waits until the message is out. */
const report = (status: number): Promise<number> =>
  new Promise((resolve) => {
    if (process.connected) process.send?.({ status } satisfies Message, () => resolve(status));
    else resolve(status);
  });
