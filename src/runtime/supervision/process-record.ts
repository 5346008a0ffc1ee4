import { LIMITS } from '../../model/index.ts';
import type { ProcessIdentity } from '../project/process-identity.ts';
import type { ProjectDirectory } from '../project/state-directory.ts';
import { readInputText } from '../read-input.ts';
import { writeFileAtomically } from '../write-atomically.ts';

/** How a process ended: one of the two is null. */
export interface Exit {
  readonly status: number | null;
  /** The signal by name: `SIGSEGV`. */
  readonly signal: string | null;
}

/**
 * `running`; `silencing` while its devices are quiesced and reset; `waiting` until it is started again; `exited` for good;
 * `failed` where its devices could not be silenced, or connected again.
 */
export type ProcessState = 'running' | 'silencing' | 'waiting' | 'exited' | 'failed';

/** The process of a VM as the project's directory knows it. */
export interface ProcessRecord {
  readonly vm: string;
  readonly command: readonly string[];
  readonly state: ProcessState;
  /** The leader of its session; null while there is none. */
  readonly leader: ProcessIdentity | null;
  /** How it last ended; null where it never did. */
  readonly exit: Exit | null;
  /** How often it has been started again. */
  readonly restarts: number;
  /** When it came into this state, ISO 8601. */
  readonly since: string;
  /** What failed, for `failed`. */
  readonly failure: string | null;
}

/** What of a project's processes is on disk: enough for the next command to find them when the supervisor is gone. */
export interface ProcessesOnDisk {
  readonly format_version: 1;
  readonly processes: readonly ProcessRecord[];
  /** Commands that got descriptors through `exec`. */
  readonly joined: readonly (ProcessIdentity & { readonly vm: string })[];
}

const NONE: ProcessesOnDisk = { format_version: 1, processes: [], joined: [] };

export function writeProcesses(directory: ProjectDirectory, processes: ProcessesOnDisk): void {
  writeFileAtomically(directory.processes(), `${JSON.stringify(processes, null, 2)}\n`);
}

/**
 * Reads what is recorded; nothing where there is no record. The directory is written by its owner alone, so that a file
 * without sense is a damaged one: it counts as empty, and who still has the devices open is found by looking.
 */
export function readProcesses(directory: ProjectDirectory): ProcessesOnDisk {
  const read = readInputText(directory.processes(), { limit: LIMITS.state.record, own: true });
  if ('refusal' in read) return NONE;
  try {
    const value: unknown = JSON.parse(read.text);
    return isSound(value) ? value : NONE;
  } catch {
    return NONE;
  }
}

function isSound(value: unknown): value is ProcessesOnDisk {
  const { format_version, processes, joined } = (value ?? {}) as Partial<Record<keyof ProcessesOnDisk, unknown>>;
  if (format_version !== 1 || !Array.isArray(processes) || !Array.isArray(joined)) return false;
  const leaders = (processes as (Partial<ProcessRecord> | null)[]).map((one) => one?.leader ?? null);
  return [...leaders.filter((one) => one !== null), ...(joined as unknown[])].every(isProcess);
}

/** Signals go to what stands here: 0 and negative numbers would mean whole groups of processes. */
const isProcess = (value: unknown): boolean => {
  const pid = (value as { pid?: unknown } | null)?.pid;
  return typeof pid === 'number' && Number.isSafeInteger(pid) && pid > 0;
};

/** `status 3`, `SIGSEGV`. */
export const exitText = ({ status, signal }: Exit): string => signal ?? `status ${status}`;
