import type { RunningProject } from '../../model/index.ts';
import { BrokenJournal, readJournal } from '../executor/journal.ts';
import { isAlive } from './process-identity.ts';
import { BrokenRecord, type ProjectRecord, readRecord } from './record.ts';
import type { StateDirectory } from './state-directory.ts';

/** What a recorded project is doing, judged by its record and by whether its process is still there. */
export type Status = 'starting' | 'running' | 'bound' | 'going-back' | 'crashed' | 'stuck';

export function statusOfRecord(record: ProjectRecord): Status {
  if (record.phase === 'stuck') return 'stuck';
  if (record.owner === null) return record.phase === 'up' ? 'bound' : 'crashed';
  if (!isAlive(record.owner)) return 'crashed';
  switch (record.phase) {
    case 'starting':
      return 'starting';
    case 'up':
      return 'running';
    case 'going-back':
    case 'back':
      return 'going-back';
  }
}

/** What a state directory says of its projects. */
export interface RecordedProjects {
  readonly records: readonly ProjectRecord[];
  /** One for each project whose record cannot be read: what it has of the host is not known. */
  readonly broken: readonly BrokenRecord[];
}

/** Every recorded project. One that cannot be read does not hide the others. */
export function recordedProjects(state: StateDirectory): RecordedProjects {
  const records: ProjectRecord[] = [];
  const broken: BrokenRecord[] = [];
  for (const name of state.projects()) {
    try {
      const record = readRecord(state.project(name));
      if (record) records.push(record);
    } catch (error) {
      if (!(error instanceof BrokenRecord)) throw error;
      broken.push(error);
    }
  }
  return { records, broken };
}

/**
 * A project with the parameters that it still needs as they are: those that its way back has not put back yet. A way back that
 * is stuck, or that was cut short, has done so with some, and would not do it again for another project.
 */
function asItStands(record: ProjectRecord, state: StateDirectory): ProjectRecord {
  const { parameters = [] } = record;
  if (parameters.length === 0) return record;
  const undone = undoneIn(state.project(record.name).journal());
  return { ...record, parameters: parameters.filter(({ step }) => step === undefined || !undone.has(step)) };
}

/** The steps of the way back that are done. A project whose journal is broken is taken to need everything still. */
function undoneIn(journal: string): ReadonlySet<string> {
  try {
    return readJournal(journal).undone;
  } catch (error) {
    if (!(error instanceof BrokenJournal)) throw error;
    return new Set();
  }
}

/** The other projects that are recorded for the same host, or whose host cannot be read. */
export function othersThan(
  { name, hostFile }: Pick<ProjectRecord, 'name' | 'hostFile'>,
  state: StateDirectory,
): RecordedProjects {
  const { records, broken } = recordedProjects(state);
  return {
    records: records
      .filter((record) => record.hostFile === hostFile && record.name !== name)
      .map((record) => asItStands(record, state)),
    broken: broken.filter(({ project }) => project !== name),
  };
}

/**
 * The projects on the same host, as the compiler wants them. It knows by its name which one is its own. Throws
 * {@link BrokenRecord} where one cannot be read: it may have any device, so nothing is planned beside it.
 */
export function runningProjects(state: StateDirectory, hostFile: string | null): RunningProject[] {
  const { records, broken } = recordedProjects(state);
  if (broken[0]) throw broken[0];
  return records
    .filter((record) => record.hostFile === hostFile)
    .map((record) => asItStands(record, state))
    .map((record) => ({
      name: record.name,
      devices: record.assignments.map(({ address, group }) => ({ address, group })),
      parameters: record.parameters ?? [],
    }));
}
