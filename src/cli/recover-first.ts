import type { JournalState } from '../runtime/executor/journal.ts';
import type { ProjectRecord } from '../runtime/project/record.ts';
import type { StateDirectory } from '../runtime/project/state-directory.ts';
import { type Changing, lockObjects } from './changing.ts';
import { ExitStatus } from './exit-status.ts';
import { refuseInUse } from './refuse-in-use.ts';
import type { Invocation } from './verb.ts';

/**
 * What has to happen before a project of this name can come up (R-BACK-2): one that crashed is brought back first; one
 * that runs is left alone. Returns the exit status where the new run must stop.
 */
export async function recoverFirst(
  invocation: Invocation,
  changing: Changing,
  name: string,
  source: string,
): Promise<number | undefined> {
  const directory = changing.state.project(name);
  const { readRecord } = await import('../runtime/project/record.ts');
  const record = readRecord(directory);
  if (!record) return undefined;
  const { statusOfRecord } = await import('../runtime/project/running.ts');
  const status = statusOfRecord(record);
  if (status === 'crashed' || status === 'stuck') {
    invocation.terminal.err(`Project ${name} did not end cleanly; bringing the host back first.\n`);
    const outcome = await bringBackProject(invocation, changing, record);
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

export interface BringBackOptions {
  /** Removes the record also where something does not come back. */
  readonly forget?: boolean;
}

/** Walks the way back of a project without a process, with messages, under the locks that it needs. */
export async function bringBackProject(
  invocation: Invocation,
  changing: Changing,
  record: ProjectRecord,
  options: BringBackOptions = {},
): Promise<number> {
  const { objectsOfRecord } = await import('../runtime/project/objects-of-record.ts');
  const release = await lockObjects(invocation, changing, objectsOfRecord(record, changing.state));
  if (typeof release === 'number') return release;
  try {
    const { readRecord } = await import('../runtime/project/record.ts');
    // Read again: another run may have been quicker, and even have brought it up once more.
    const now = readRecord(changing.state.project(record.name));
    if (now === undefined) return ExitStatus.done;
    const { isAlive } = await import('../runtime/project/process-identity.ts');
    if (now.owner === null || !isAlive(now.owner)) {
      const status = await bringBackLocked(invocation, changing.state, now);
      return status === ExitStatus.failedAndNotRolledBack && options.forget === true
        ? forget(invocation, changing.state, now)
        : status;
    }
    invocation.terminal.err(
      `vfio-compose: project ${now.name} is held by pid ${now.owner.pid} again. Nothing was changed.\n`,
    );
    return ExitStatus.locked;
  } finally {
    release();
  }
}

/** Gives up what does not come back: the record goes, and with it what this program knows of the rest. */
function forget({ terminal }: Invocation, state: StateDirectory, { name, assignments }: ProjectRecord): number {
  state.project(name).remove();
  const where = assignments.map(({ address, driver }) => `${address} (given to ${driver})`).join(', ');
  terminal.err(`Project ${name} is forgotten. What is listed above stays as it is; its devices were ${where}.\n`);
  return ExitStatus.done;
}

/** What a person can go by where the way back is lost. */
function whatIsKnown({ name, assignments }: ProjectRecord, { ran, undone }: JournalState): string[] {
  const left = [...ran].filter((step) => !undone.has(`back:${step}`));
  return [
    ...assignments.map(({ device, address, driver }) => `  ${device} is ${address}, which was given to ${driver}`),
    `  steps on record that were not taken back: ${left.join(', ') || 'none'}`,
    `Take these back by hand, then "vfio-compose down -p ${name} --forget" removes the record.`,
  ];
}

async function bringBackLocked(invocation: Invocation, state: StateDirectory, record: ProjectRecord): Promise<number> {
  const { terminal, global } = invocation;
  const { openMachine } = await import('../runtime/project/open-machine.ts');
  const { bringBack, PlanLost } = await import('../runtime/project/recover.ts');
  const { BrokenJournal, readJournal } = await import('../runtime/executor/journal.ts');
  const { progress, statusOfBack } = await import('./progress.ts');
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
  const refusal = refuseInUse(invocation, 'down', machine, record.assignments);
  if (refusal !== undefined) return refusal;
  try {
    const events = progress((line) => terminal.err(`${line}\n`), global);
    const outcome = await bringBack(record, state.project(record.name), machine, events);
    return statusOfBack(outcome, (line) => terminal.err(`${line}\n`));
  } catch (error) {
    if (error instanceof BrokenJournal) {
      terminal.err(`vfio-compose: the journal of project ${record.name} cannot be used: ${error.message}\n`);
    } else if (error instanceof PlanLost) {
      terminal.err(`vfio-compose: the plan of project ${record.name} cannot be used: ${error.message}\n`);
      terminal.err(`${whatIsKnown(record, readJournal(state.project(record.name).journal())).join('\n')}\n`);
    } else {
      throw error;
    }
  }
  return ExitStatus.failedAndNotRolledBack;
}
