import type { JournalState } from '../runtime/executor/journal.ts';
import type { Machine } from '../runtime/project/machine.ts';
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
  const { terminal } = invocation;
  const { openMachine } = await import('../runtime/project/open-machine.ts');
  const { PlanLost } = await import('../runtime/project/recover.ts');
  const { BrokenJournal, readJournal } = await import('../runtime/executor/journal.ts');
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
    return await walkBack(invocation, state, record, machine);
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

/** The way back itself, told to the person, to the log of the project and to whoever follows its events. */
async function walkBack(
  { terminal, global }: Invocation,
  state: StateDirectory,
  record: ProjectRecord,
  machine: Machine,
): Promise<number> {
  const [{ bringBack }, { statusOfRecord }, { progress, statusOfBack }] = await Promise.all([
    import('../runtime/project/recover.ts'),
    import('../runtime/project/running.ts'),
    import('./progress.ts'),
  ]);
  const [{ realClock }, { eventFile }, { keepLastRun }, { ProjectLog }] = await Promise.all([
    import('../runtime/supervision/clock.ts'),
    import('../runtime/supervision/events.ts'),
    import('../runtime/supervision/last-run.ts'),
    import('../runtime/supervision/project-log.ts'),
  ]);
  const directory = state.project(record.name);
  const log = new ProjectLog(directory.log(), realClock);
  const emit = eventFile(directory.events(), record.name, realClock);
  const say = (line: string): void => {
    log.say(null, line);
    terminal.err(`${line}\n`);
  };
  // What was only bound never had a process that could have died.
  const isBound = statusOfRecord(record) === 'bound';
  emit({ kind: isBound ? 'going-back' : 'recovering' });
  const outcome = await bringBack(record, directory, machine, {
    ...progress(say, global),
    leaving: () => {
      emit({ kind: 'down' });
      // Why it died is asked afterwards.
      if (!isBound) keepLastRun(directory, state.lastRun(record.name));
    },
  });
  if (outcome.kind === 'stuck') {
    for (const { resource, explanation } of outcome.left) {
      emit({ kind: 'failed', failure: `${resource}: ${explanation}` });
    }
  }
  return statusOfBack(outcome, say);
}
