import { resolve } from 'node:path';
import type { ProjectRecord } from '../runtime/project/record.ts';
import { StateDirectory, StateDirectoryError } from '../runtime/project/state-directory.ts';
import { ExitStatus } from './exit-status.ts';
import { type Invocation, UsageError } from './verb.ts';

/** The right to change the host, held by one run at a time on one state directory. */
export interface StateLock {
  readonly state: StateDirectory;
  release(): void;
}

/** Absolute: a supervisor works in another directory. */
export function stateDirectoryOf({ global, terminal }: Invocation): StateDirectory {
  const { path } = global.stateDir
    ? new StateDirectory(global.stateDir)
    : StateDirectory.default(global.host !== undefined || global.tree !== undefined, terminal.env);
  return new StateDirectory(resolve(terminal.cwd, path));
}

/** Throws {@link UsageError} for a host that cannot be changed, because it is only a device tree. */
export function refuseTree({ global }: Invocation): void {
  if (global.tree === undefined) return;
  throw new UsageError(
    '--dtb is for planning: a device tree has no kernel that could carry anything out. ' +
      '"vfio-compose capture --dtb FILE -o host.json" makes a snapshot of it, and --host host.json a simulated kernel of that',
  );
}

/** Takes the lock of the state directory; the exit status, after a message, where it cannot be had. */
export async function lockState(invocation: Invocation): Promise<StateLock | number> {
  const { terminal } = invocation;
  refuseTree(invocation);
  const state = stateDirectoryOf(invocation);
  try {
    state.ensure();
  } catch (error) {
    if (!(error instanceof StateDirectoryError)) throw error;
    const denied = error.code === 'EACCES' || error.code === 'EPERM';
    terminal.err(`vfio-compose: ${error.message}${denied ? ' Run as root, or name another with --state-dir.' : ''}\n`);
    return denied ? ExitStatus.privilege : ExitStatus.refusedForSafety;
  }
  const { takeLock, LockHeld } = await import('../runtime/project/lock.ts');
  try {
    return { state, release: await takeLock(state.lockFile(), `vfio-compose in ${terminal.cwd}`) };
  } catch (error) {
    if (!(error instanceof LockHeld)) throw error;
    terminal.err(`vfio-compose: another run is changing this host: ${error.holder}. Try again when it is done.\n`);
    return ExitStatus.locked;
  }
}

/**
 * What has to happen before a project of this name can come up (R-BACK-2): one that crashed is brought back first; one
 * that runs is left alone. Returns the exit status where the new run must stop.
 */
export async function recoverFirst(
  invocation: Invocation,
  state: StateDirectory,
  name: string,
  source: string,
): Promise<number | undefined> {
  const directory = state.project(name);
  const { readRecord } = await import('../runtime/project/record.ts');
  const record = readRecord(directory);
  if (!record) return undefined;
  const { statusOfRecord } = await import('../runtime/project/running.ts');
  const status = statusOfRecord(record);
  if (status === 'crashed' || status === 'stuck') {
    invocation.terminal.err(`Project ${name} did not end cleanly; bringing the host back first.\n`);
    const outcome = await bringBackProject(invocation, state, record);
    return outcome === ExitStatus.done ? undefined : outcome;
  }
  const who = record.owner === null ? '' : `, held by pid ${record.owner.pid}`;
  if (record.source === source && (status === 'running' || status === 'bound')) {
    invocation.terminal.err(`Project ${name} is up already${who}; nothing to do.\n`);
    return ExitStatus.done;
  }
  invocation.terminal.err(
    `vfio-compose up: project ${name} is ${status}${who}, and was brought up with another manifest. Run "vfio-compose down" first.\n`,
  );
  return ExitStatus.locked;
}

/** Walks the way back of a project without a process, with messages. The lock must be held. */
export async function bringBackProject(
  invocation: Invocation,
  state: StateDirectory,
  record: ProjectRecord,
): Promise<number> {
  const { terminal, global } = invocation;
  const { openMachine } = await import('../runtime/project/open-machine.ts');
  const { bringBack, PlanLost } = await import('../runtime/project/recover.ts');
  const { leftOverLines, progress } = await import('./progress.ts');
  const { value: machine, diagnostics } = await openMachine(record.hostFile ?? undefined, '/', state, {
    identifiers: false,
    plugins: record.plugins,
  });
  if (!machine) {
    for (const diagnostic of diagnostics) terminal.err(`${diagnostic.summary}: ${diagnostic.detail}\n`);
    return ExitStatus.failedAndNotRolledBack;
  }
  const { endProcessesOf } = await import('./end-left-behind.ts');
  if (!(await endProcessesOf(invocation, state, record.name))) return ExitStatus.refusedForSafety;
  const { nodeOf } = await import('../runtime/project/holders.ts');
  const busy = record.assignments.flatMap((entry) => {
    const node = record.hostFile === null ? nodeOf(entry) : null;
    return node === null ? [] : machine.holders(node).map((holder) => ({ entry, node, holder }));
  });
  if (busy.length > 0) {
    for (const { entry, node, holder } of busy) {
      terminal.err(
        `vfio-compose down: ${holder.command} (pid ${holder.pid}) has ${node} open, the group of ${entry.address}. ` +
          'The kernel would wait until it closes it.\n',
      );
    }
    terminal.err('End it, then run this again. Nothing was changed.\n');
    return ExitStatus.refusedForSafety;
  }
  try {
    const events = progress((line) => terminal.err(`${line}\n`), global);
    const outcome = await bringBack(record, state.project(record.name), machine, events);
    if (outcome.kind !== 'stuck') return ExitStatus.done;
    terminal.err(`${leftOverLines(outcome.left).join('\n')}\n`);
  } catch (error) {
    if (!(error instanceof PlanLost)) throw error;
    terminal.err(`vfio-compose: the plan of project ${record.name} cannot be used: ${error.message}\n`);
  }
  return ExitStatus.failedAndNotRolledBack;
}
