import { isAlive, type ProcessIdentity } from '../../runtime/project/process-identity.ts';
import { BrokenRecord, type ProjectRecord, readRecord } from '../../runtime/project/record.ts';
import type { ProjectDirectory, StateDirectory } from '../../runtime/project/state-directory.ts';
import { realClock } from '../../runtime/supervision/clock.ts';
import { followFile } from '../../runtime/supervision/follow-file.ts';
import { parseLogLine } from '../../runtime/supervision/project-log.ts';
import { ExitStatus } from '../exit-status.ts';
import { OK } from '../progress.ts';
import { projectName } from '../project-name.ts';
import { openState } from '../changing.ts';
import { bringBackProject } from '../recover-first.ts';
import { refuseTree, stateDirectoryOf } from '../state-of.ts';
import type { Invocation, Verb } from '../verb.ts';

/** The way back: of a project that runs here, that a supervisor holds, that is only bound, or that crashed. */
export const verb: Verb = {
  name: 'down',
  summary: 'take everything back: the host is as it was before up',
  configure: (command) => {
    command
      .argument('[manifest]', 'the manifest, for the name of the project (or -p)')
      .option('--forget', 'give up what does not come back, after one more try, and remove the record');
  },
  run: async (invocation) => {
    refuseTree(invocation);
    const { terminal } = invocation;
    const state = stateDirectoryOf(invocation);
    const named = await projectName(invocation);
    if (typeof named === 'number') return named;
    if (state.isHidden()) {
      terminal.err(
        `vfio-compose down: this user may not look into the state directory ${state.path}. Run as root, or name another with --state-dir.\n`,
      );
      return ExitStatus.privilege;
    }
    const directory = state.project(named.name);
    const forget = invocation.options['forget'] === true;
    const record = readOrForget(invocation, directory, forget);
    if (record === 'forgotten') return ExitStatus.done;
    if (!record) {
      terminal.err(`Project ${named.name} is not up; nothing to do.\n`);
      return ExitStatus.done;
    }
    if (record.owner !== null && isAlive(record.owner)) {
      const status = await endOwner(invocation, state, record);
      if (status !== undefined) return status;
    }
    return bringBackWhatIsLeft(invocation, state, named.name);
  },
};

/** The record of a project. One that cannot be read is removed where that is asked for, and an error where it is not. */
function readOrForget(
  { terminal }: Invocation,
  directory: ProjectDirectory,
  forget: boolean,
): ProjectRecord | 'forgotten' | undefined {
  try {
    return readRecord(directory);
  } catch (error) {
    if (!(error instanceof BrokenRecord) || !forget) throw error;
    directory.remove();
    terminal.err(`${error.message}. Project ${directory.name} is forgotten; what it had of the host stays as it is.\n`);
    return 'forgotten';
  }
}

/** How long a way back may take before `down` gives up waiting for the process that walks it. */
const OWNER_TIMEOUT_MS = 10 * 60_000;
const POLL_MS = 50;

/** Asks the process that holds the project to take it back, and waits for it. A status where it did not. */
async function endOwner(
  invocation: Invocation,
  state: StateDirectory,
  record: ProjectRecord,
): Promise<number | undefined> {
  const { terminal, global } = invocation;
  const { owner, name } = record;
  if (owner === null) return undefined;
  if (!global.quiet) terminal.err(`Project ${name} is held by pid ${owner.pid}; it takes the host back.\n`);
  const since = realClock.now();
  try {
    process.kill(owner.pid, 'SIGTERM');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') {
      terminal.err(`vfio-compose down: pid ${owner.pid} belongs to another user; run this as that user or as root.\n`);
      return ExitStatus.privilege;
    }
  }
  if (!(await endedMeanwhile(owner, sayWhatItSays(invocation, state.project(name), since)))) {
    terminal.err(`vfio-compose down: pid ${owner.pid} is still at it after ${OWNER_TIMEOUT_MS / 60_000} minutes.\n`);
    return ExitStatus.timedOut;
  }
  if (readRecord(state.project(name)) !== undefined) return undefined;
  if (!global.quiet) terminal.err(`Project ${name} is down; the host is as it was.\n`);
  return ExitStatus.done;
}

/** Waits for the end of a process, for as long as a way back may take; `stop` is called at its end, or when its time is over. */
async function endedMeanwhile(owner: ProcessIdentity, stop: () => Promise<void>): Promise<boolean> {
  let alive = true;
  for (let waited = 0; (alive = isAlive(owner)) && waited < OWNER_TIMEOUT_MS; waited += POLL_MS) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  await stop();
  return !alive;
}

/**
 * Passes on what the process that holds a project says from then on: its log goes with the project, and what is left to
 * another project, or done by somebody, would be known to nobody. Returns what ends that.
 */
function sayWhatItSays(
  { terminal, global }: Invocation,
  directory: ProjectDirectory,
  since: Date,
): () => Promise<void> {
  const over = new AbortController();
  const told = followFile({
    path: directory.log(),
    clock: realClock,
    follow: true,
    until: over.signal,
    line: (line) => {
      const { time, vm, text } = parseLogLine(line);
      if (time === null || new Date(time) < since || vm !== null || (global.quiet && text.startsWith(OK))) return;
      terminal.err(`${text}\n`);
    },
  });
  return () => {
    over.abort();
    return told;
  };
}

async function bringBackWhatIsLeft(invocation: Invocation, state: StateDirectory, name: string): Promise<number> {
  const changing = openState(invocation, `down -p ${name}`);
  if (typeof changing === 'number') return changing;
  // Read again: another `down` may have been quicker.
  const record = readRecord(state.project(name));
  if (record === undefined) return ExitStatus.done;
  const status = await bringBackProject(invocation, changing, record, {
    forget: invocation.options['forget'] === true,
  });
  if (status === ExitStatus.done && !invocation.global.quiet) {
    invocation.terminal.err(`Project ${name} is down; the host is as it was.\n`);
  }
  return status;
}
