import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { StateDirectory } from '../project/state-directory.ts';

/**
 * Where the sockets of a state directory's projects are: beside it, since others may not look into it. Others may pass
 * through this one and cannot list it; who may talk is decided for each connection.
 */
export const socketPath = (state: StateDirectory, project: string): string => join(`${state.path}-sockets`, project);

/** Makes the directory, or makes sure that it is ours alone to write. Throws an Error that says what is wrong with it. */
export function makeSocketDirectory(state: StateDirectory): void {
  const path = `${state.path}-sockets`;
  mkdirSync(path, { recursive: true, mode: 0o711 });
  const found = lstatSync(path);
  if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o022) !== 0) {
    throw new Error(`${path} is not a directory of this user that nobody else may write`);
  }
  // Whatever the umask is.
  chmodSync(path, 0o711);
}
