import type { RunningProject } from '../../model/index.ts';
import { isAlive } from './process-identity.ts';
import { type ProjectRecord, readRecord } from './record.ts';
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

/** Every recorded project that can be read. */
export function recordedProjects(state: StateDirectory): ProjectRecord[] {
  return state.projects().flatMap((name) => readRecord(state.project(name)) ?? []);
}

/** The other projects that are recorded for the same host. */
export function othersThan(
  { name, hostFile }: Pick<ProjectRecord, 'name' | 'hostFile'>,
  state: StateDirectory,
): ProjectRecord[] {
  return recordedProjects(state).filter((record) => record.hostFile === hostFile && record.name !== name);
}

/** The projects on the same host, as the compiler wants them. It knows by its name which one is its own. */
export function runningProjects(state: StateDirectory, hostFile: string | null): RunningProject[] {
  return recordedProjects(state)
    .filter((record) => record.hostFile === hostFile)
    .map((record) => ({
      name: record.name,
      devices: record.assignments.map(({ address, group }) => ({ address, group })),
      parameters: record.parameters ?? [],
    }));
}
