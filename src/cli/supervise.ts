import { spawn } from 'node:child_process';
import { appendFileSync, closeSync, constants, openSync } from 'node:fs';
import { encodePlan } from '../compiler/plan-file/encode.ts';
import type { NamedPlugin } from '../runtime/plugins/index.ts';
import { openMachine } from '../runtime/project/open-machine.ts';
import { ProjectRun } from '../runtime/project/project-run.ts';
import { readProjectPlan } from '../runtime/project/recover.ts';
import { StateDirectory } from '../runtime/project/state-directory.ts';
import { writeFileAtomically } from '../runtime/write-atomically.ts';
import { objectsOf } from '../runtime/project/host-objects.ts';
import { type BringUp, failureStatus } from './bring-up-outcome.ts';
import { LOCK_WAIT_MS, locksOf } from './changing.ts';
import { ExitStatus } from './exit-status.ts';
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

/** The supervisor itself: brings the project up, holds it until a signal, takes it back. */
export async function supervise(args: readonly string[]): Promise<number> {
  const argument = JSON.parse(args[0] ?? '') as SupervisorArgument;
  const state = new StateDirectory(argument.state);
  const directory = state.project(argument.project);
  const say = (line: string): void => {
    // The log goes with the project's directory once the way back is done.
    if (directory.exists()) appendFileSync(directory.log(), `${line}\n`, { mode: 0o600 });
    if (process.connected) process.send?.({ say: line } satisfies Message);
  };
  const signals = new Signals();
  const plan = readProjectPlan(directory);
  const { value: machine } = await openMachine(argument.host ?? undefined, '/', state, {
    identifiers: false,
    plugins: argument.plugins,
  });
  if (!machine) return report(ExitStatus.hostCannot);
  const run = await ProjectRun.prepare({
    plan,
    machine,
    directory,
    ownerKind: 'supervisor',
    source: argument.source,
    events: progress(say, argument),
    signal: signals.signal,
    now: () => new Date(),
  });
  const outcome = await run.up();
  if (outcome.kind !== 'up') {
    const failure = outcome.kind === 'back' ? null : outcome.failure;
    if (failure) say(`vfio-compose up: failed at ${placeOf(plan, failure)}\n  ${failureText(failure)}`);
    if (outcome.kind === 'stuck') {
      say(leftOverLines(outcome.left).join('\n'));
      return report(ExitStatus.failedAndNotRolledBack);
    }
    say('Everything that had been done was taken back; the host is as it was.');
    return report(failureStatus(failure?.kind, signals));
  }
  await report(ExitStatus.done);
  // The one that started this may be gone by now; nothing depends on it any more.
  if (process.connected) process.disconnect?.();
  await signals.arrived();
  const release = await locksOf(state, `down -p ${plan.project}`).take(objectsOf(plan), LOCK_WAIT_MS);
  const status = statusOfBack(await run.down(), say);
  release();
  signals.dispose();
  return status;
}

/** Tells the starter the status, and waits until the message is out. */
const report = (status: number): Promise<number> =>
  new Promise((resolve) => {
    if (process.connected) process.send?.({ status } satisfies Message, () => resolve(status));
    else resolve(status);
  });
