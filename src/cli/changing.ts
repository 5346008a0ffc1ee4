import { type HostObject, titleOfObject } from '../runtime/project/host-objects.ts';
import { HostLocks, ObjectLocked } from '../runtime/project/host-locks.ts';
import { type StateDirectory, StateDirectoryError } from '../runtime/project/state-directory.ts';
import { ExitStatus } from './exit-status.ts';
import { refuseTree, stateDirectoryOf } from './state-of.ts';
import type { Invocation } from './verb.ts';

/** What a command that changes the host works with: where projects are recorded, and its locks on things of the host. */
export interface Changing {
  readonly state: StateDirectory;
  readonly locks: HostLocks;
}

/** How long a way back waits for another run that is changing what it has to. */
export const LOCK_WAIT_MS = 10 * 60_000;

/** The locks of one process; `command` is what others are told of it. */
export const locksOf = (state: StateDirectory, command: string): HostLocks =>
  new HostLocks(state.locks(), `"vfio-compose ${command}" since ${new Date().toISOString()}`);

/** Opens the state directory for changing the host; the exit status, after a message, where it cannot be had. */
export function openState(invocation: Invocation, command: string): Changing | number {
  const { terminal } = invocation;
  refuseTree(invocation);
  const state = stateDirectoryOf(invocation);
  try {
    state.ensure();
  } catch (error) {
    if (!(error instanceof StateDirectoryError)) throw error;
    const denied = error.code === 'EACCES' || error.code === 'EPERM';
    terminal.err(`vfio-compose: ${error.message}${denied ? ' Run as root, or name another with --state-dir.' : ''}\n`);
    return denied ? ExitStatus.privilege : ExitStatus.refusedForSafety;
  }
  return { state, locks: locksOf(state, command) };
}

/** Takes locks; the exit status, after a message that says who has which of them, where they cannot be had. */
export async function lockObjects(
  { terminal }: Invocation,
  { locks }: Changing,
  objects: readonly HostObject[],
): Promise<(() => void) | number> {
  try {
    return await locks.take(objects);
  } catch (error) {
    if (!(error instanceof ObjectLocked)) throw error;
    terminal.err(
      `vfio-compose: another run is changing ${titleOfObject(error.object)}: ${error.holder}. Nothing was changed; try again when it is done.\n`,
    );
    return ExitStatus.locked;
  }
}
