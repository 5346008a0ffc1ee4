import type { RunningProject } from '../../model/index.ts';
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

/** The other projects that are recorded for the same host, or whose host cannot be read. */
export function othersThan(
  { name, hostFile }: Pick<ProjectRecord, 'name' | 'hostFile'>,
  state: StateDirectory,
): RecordedProjects {
  const { records, broken } = recordedProjects(state);
  return {
    records: records.filter((record) => record.hostFile === hostFile && record.name !== name),
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
    .map((record) => ({
      name: record.name,
      devices: record.assignments.map(({ address, group }) => ({ address, group })),
      parameters: record.parameters ?? [],
    }));
}
