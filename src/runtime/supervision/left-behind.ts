import { rmSync } from 'node:fs';
import type { ProcessIdentity } from '../project/process-identity.ts';
import type { ProjectDirectory } from '../project/state-directory.ts';
import type { Clock } from './clock.ts';
import { endProcesses, type Target } from './end-process.ts';
import { readProcesses } from './process-record.ts';

/** Who has the descriptors of a project, by its record. */
export function holdersOnRecord(directory: ProjectDirectory): Target[] {
  const { processes, joined } = readProcesses(directory);
  return [
    ...processes.flatMap(({ leader }): Target[] => (leader === null ? [] : [{ kind: 'session', leader }])),
    ...joined.map(({ pid, startTime }): Target => ({ kind: 'process', process: { pid, startTime } })),
  ];
}

/**
 * Ends the processes that a supervisor left behind when it was killed: they have the devices open, so that nothing could be
 * taken back. Returns those that do not end, not even by SIGKILL.
 */
export async function endLeftBehind(directory: ProjectDirectory, clock: Clock): Promise<ProcessIdentity[]> {
  const left = await endProcesses(holdersOnRecord(directory), clock);
  if (left.length === 0) rmSync(directory.processes(), { force: true });
  return left;
}
