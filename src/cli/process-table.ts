import { isAlive } from '../runtime/project/process-identity.ts';
import type { ProjectDirectory } from '../runtime/project/state-directory.ts';
import {
  exitText,
  type ProcessRecord,
  type ProcessState,
  readProcesses,
} from '../runtime/supervision/process-record.ts';
import { table } from './table.ts';

/** A process of a project as `ps` shows it. */
export interface ProcessRow extends Omit<ProcessRecord, 'leader' | 'state'> {
  /** `gone`: it is recorded as running, and is not there; so is its supervisor not. */
  readonly state: ProcessState | 'gone';
  readonly pid: number | null;
}

export const processRows = (directory: ProjectDirectory): ProcessRow[] =>
  readProcesses(directory).processes.map(({ leader, state, ...rest }) => ({
    ...rest,
    state: state === 'running' && leader !== null && !isAlive(leader) ? 'gone' : state,
    pid: leader?.pid ?? null,
  }));

const HEAD = ['PROJECT', 'VM', 'PROCESS', 'PID', 'RESTARTS', 'COMMAND'];

/** The processes of all projects; undefined where there is none. */
export function processTable(
  projects: readonly { readonly name: string; readonly processes: readonly ProcessRow[] }[],
) {
  const rows = projects.flatMap(({ name, processes }) =>
    processes.map((one) => [
      name,
      one.vm,
      stateText(one),
      one.pid === null ? '-' : String(one.pid),
      String(one.restarts),
      one.command.join(' '),
    ]),
  );
  return rows.length === 0 ? undefined : table(HEAD, rows);
}

/** `running`, `exited (status 3)`, `waiting (SIGSEGV)`, `failed: …`. */
function stateText({ state, exit, failure }: ProcessRow): string {
  if (failure !== null) return `${state}: ${failure}`;
  return state === 'running' || state === 'gone' || exit === null ? state : `${state} (${exitText(exit)})`;
}
