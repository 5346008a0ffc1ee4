import { readSync, writeSync } from 'node:fs';
import { type Become, CANNOT_RUN, loadBecome } from '../kernel/linux/become.ts';
import { CHANNEL_FD, type TrampolineOrder } from './launch.ts';
import { listenVariables } from './listen-variables.ts';

/**
 * Becomes the program of an order: the user first, then the directory, as that user sees it, then the program. Where that
 * fails, says over the channel why; returns the status to end with.
 */
export async function runTrampoline(): Promise<number> {
  const { process: planned, environment, names } = JSON.parse(readLine()) as TrampolineOrder;
  const file = planned.command[0] ?? '';
  let doing = 'loading';
  try {
    const become: Become = await loadBecome();
    doing = 'becoming its user';
    becomeUser(planned.user);
    doing = `entering ${planned.workingDirectory}`;
    process.chdir(planned.workingDirectory);
    doing = 'passing its descriptors';
    become({
      file,
      argv: planned.command,
      environment: [...environment, ...listenVariables(names)],
      fds: names.map((_, index) => CHANNEL_FD + 1 + index),
      complaints: CHANNEL_FD,
    });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    writeSync(CHANNEL_FD, `${file} cannot be started: ${doing}: ${code ?? message}\n`);
    return CANNOT_RUN;
  }
}

/** Node has it where it has setuid; its types forget it. */
const withInitgroups = process as { initgroups?(user: string, group: number): void };

function becomeUser(user: TrampolineOrder['process']['user']): void {
  if (user === null) return;
  const { name, uid, gid } = user;
  // One who is that user already has nothing to change, and no right to.
  if (process.getuid?.() !== 0 && process.getuid?.() === uid && process.getgid?.() === gid) return;
  if (name === null) process.setgroups?.([gid]);
  else withInitgroups.initgroups?.(name, gid);
  process.setgid?.(gid);
  process.setuid?.(uid);
}

/** One line, read to its end without a stream: Node must not be left with something of its own on the channel. */
function readLine(): string {
  const chunks: Buffer[] = [];
  for (;;) {
    const buffer = Buffer.alloc(64 * 1024);
    const length = readSync(CHANNEL_FD, buffer);
    chunks.push(buffer.subarray(0, length));
    if (length === 0 || buffer[length - 1] === 0x0a) return Buffer.concat(chunks).toString('utf8');
  }
}
