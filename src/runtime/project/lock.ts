import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { tryLock } from '../kernel/linux/flock.ts';

/** Another run is changing the host. */
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

/**
 * Takes a lock file, or throws {@link LockHeld} once `waitMs` have passed. Returns what releases it. The kernel releases
 * it too when the process ends in any way.
 */
export async function takeLock(path: string, who: string, waitMs = 0): Promise<() => void> {
  const fd = openSync(path, 'a+', 0o600);
  const deadline = Date.now() + waitMs;
  while (!(await tryLock(fd))) {
    if (Date.now() >= deadline) {
      closeSync(fd);
      throw new LockHeld(path, readFileSync(path, 'utf8').trim() || 'somebody');
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  ftruncateSync(fd);
  writeSync(fd, `${who} (pid ${process.pid})\n`);
  let held = true;
  // Once only: by then the number may belong to another file.
  return () => {
    if (held) closeSync(fd);
    held = false;
  };
}
