import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Writes a file whole or not at all, and makes sure that it is on disk: a reader, or a machine that loses power, finds the
 * old text or the new one. Leaves nothing behind where it fails. Throws what the file system says.
 *
 * @param mode permissions of the file; its owner's alone by default.
 */
export function writeFileAtomically(path: string, text: string, mode = 0o600): void {
  // A name that nobody can foresee, and O_EXCL: in a directory that others may write, a link must not be followed.
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const fd = openSync(temporary, 'wx', mode);
    try {
      writeFileSync(fd, text);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  const directory = openSync(dirname(path), 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
