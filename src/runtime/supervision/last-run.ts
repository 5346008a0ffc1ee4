import { existsSync, renameSync } from 'node:fs';
import type { ProjectDirectory } from '../project/state-directory.ts';
import { olderOf } from './bounded-file.ts';

/**
 * Keeps the log and the events of a project that goes down by itself: whoever wants to know why its process ended comes
 * too late for the project's directory. The next `up` of the project takes them away.
 */
export function keepLastRun(of: ProjectDirectory, last: ProjectDirectory): void {
  last.remove();
  last.create();
  for (const [from, to] of [
    [of.log(), last.log()],
    [of.events(), last.events()],
  ] as const) {
    if (existsSync(olderOf(from))) renameSync(olderOf(from), olderOf(to));
    if (existsSync(from)) renameSync(from, to);
  }
}
