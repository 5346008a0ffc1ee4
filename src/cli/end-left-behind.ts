import { rmSync } from 'node:fs';
import type { StateDirectory } from '../runtime/project/state-directory.ts';
import { realClock } from '../runtime/supervision/clock.ts';
import { endLeftBehind } from '../runtime/supervision/left-behind.ts';
import { socketPath } from '../runtime/supervision/socket-place.ts';
import type { Invocation } from './verb.ts';

/**
 * Ends what a killed supervisor left behind: the processes of its project, and commands that joined them (R-BACK-2). False,
 * after a message, where one does not end: its devices cannot be taken back.
 */
export async function endProcessesOf(
  { terminal }: Invocation,
  state: StateDirectory,
  project: string,
): Promise<boolean> {
  rmSync(socketPath(state, project), { force: true });
  const left = await endLeftBehind(state.project(project), realClock);
  for (const { pid } of left) {
    terminal.err(
      `vfio-compose down: pid ${pid} of project ${project} does not end, not even by SIGKILL: it waits for something in ` +
        'the kernel. Run this again when it is gone. Nothing was changed.\n',
    );
  }
  return left.length === 0;
}
