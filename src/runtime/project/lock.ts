import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { tryLock } from '../kernel/linux/flock.ts';

/** Another run holds a lock. */
export class LockHeld extends Error {
  override readonly name = 'LockHeld';

  constructor(
    readonly path: string,
    /** What the holder wrote about itself. */
    readonly holder: string,
  ) {
    super(`${path} is held by ${holder}`);
  }
}

const POLL_MS = 50;

/**
 * Takes a lock file, or throws {@link LockHeld} once `waitMs` have passed. Returns what releases it, and removes the file.
 * The kernel releases it too when the process ends in any way; the file that is left then is nobody's.
 *
 * @param who what others are told of this run, on one line.
 */
export async function takeLock(path: string, who: string, waitMs = 0): Promise<() => void> {
  const deadline = Date.now() + waitMs;
  for (;;) {
    const fd = openSync(path, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
    if (await tryLock(fd)) {
      if (isStill(fd, path)) return held(fd, path, who);
      closeSync(fd);
      continue;
    }
    closeSync(fd);
    if (Date.now() >= deadline) throw new LockHeld(path, textOf(path) || 'somebody');
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function held(fd: number, path: string, who: string): () => void {
  ftruncateSync(fd);
  writeSync(fd, `${who} (pid ${process.pid})\n`);
  let mine = true;
  // Once only: by then the number may belong to another file.
  return () => {
    if (!mine) return;
    mine = false;
    // While it is still locked: nobody else can have taken this file, and who waits for it sees that it is gone.
    unlinkSync(path);
    closeSync(fd);
  };
}

/** Whether the path still leads to the file that was locked: its last holder may have removed it in between. */
function isStill(fd: number, path: string): boolean {
  const now = statSync(path, { throwIfNoEntry: false });
  return now?.ino === fstatSync(fd).ino;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    // Removed since: whoever held it is done.
    return '';
  }
}
