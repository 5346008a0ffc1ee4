import { existsSync, readFileSync } from 'node:fs';
import type { ProcessIdentity } from '../project/process-identity.ts';
import type { ProjectDirectory } from '../project/state-directory.ts';
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
  if (!existsSync(directory.processes())) return NONE;
  try {
    const value = JSON.parse(readFileSync(directory.processes(), 'utf8')) as Partial<ProcessesOnDisk>;
    const isSound = value.format_version === 1 && Array.isArray(value.processes) && Array.isArray(value.joined);
    return isSound ? (value as ProcessesOnDisk) : NONE;
  } catch {
    return NONE;
  }
}

/** `status 3`, `SIGSEGV`. */
export const exitText = ({ status, signal }: Exit): string => signal ?? `status ${status}`;
