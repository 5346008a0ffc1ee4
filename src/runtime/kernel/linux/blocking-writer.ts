import type { ChildProcess } from 'node:child_process';
import { errnoName } from '../errno.ts';
import { KernelError } from '../port.ts';

/**
 * Runs in the helper: reads one JSON request a line, does one write(2) of the whole text, answers with the errno or 0.
 * It ends when its input does.
 */
const HELPER = `
const fs = require('node:fs');
let rest = '';
process.stdin.setEncoding('utf8').on('data', (data) => {
  rest += data;
  for (let end; (end = rest.indexOf('\\n')) >= 0; ) {
    const { path, text } = JSON.parse(rest.slice(0, end));
    rest = rest.slice(end + 1);
    let errno = 0;
    try {
      const fd = fs.openSync(path, fs.constants.O_WRONLY);
      try { fs.writeSync(fd, text); } finally { fs.closeSync(fd); }
    } catch (error) { errno = Math.abs(error.errno || 5); }
    process.stdout.write(errno + '\\n');
  }
});`;

interface Helper {
  readonly child: ChildProcess;
  /** Sends a request; resolves with the errno, or null where the helper died without an answer. */
  ask(request: string): Promise<number | null>;
  /** Ends it: it has nothing more to read. */
  end(): void;
}

/**
 * How long a helper stays with nothing to write, in milliseconds. Steps follow each other faster than that; a supervisor, which
 * holds a project for months, is not to keep a process for its last step.
 */
const IDLE_MS = 60_000;

/**
 * Writes that can keep their writer in the kernel without end: an unbind waits until whoever holds the device lets go,
 * and a process with such a thread can neither exit nor be killed. So a helper process does them, one at a time; where
 * one is stuck the next write gets a helper of its own, and this process can end without it.
 */
export class BlockingWriter {
  readonly #idle: Helper[] = [];
  #rest: NodeJS.Timeout | undefined;

  constructor(private readonly idleMs = IDLE_MS) {}

  /** Throws {@link KernelError} with the errno of the open or the write. */
  async write(path: string, text: string): Promise<void> {
    const helper = this.#takeIdle() ?? (await startHelper());
    const errno = await helper.ask(`${JSON.stringify({ path, text })}\n`);
    if (errno === null) throw new KernelError('write', path, 'EINTR', 4);
    this.#idle.push(helper);
    this.#endWhenIdle();
    if (errno !== 0) throw new KernelError('write', path, errnoName(errno), errno);
  }

  /** One that somebody has killed meanwhile is of no use. */
  #takeIdle(): Helper | undefined {
    let helper = this.#idle.pop();
    while (helper && hasEnded(helper.child)) helper = this.#idle.pop();
    return helper;
  }

  #endWhenIdle(): void {
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => {
      for (const helper of this.#idle.splice(0)) helper.end();
    }, this.idleMs).unref();
  }
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

async function startHelper(): Promise<Helper> {
  const { spawn } = await import('node:child_process');
  const child = spawn(process.execPath, ['-e', HELPER], {
    stdio: ['pipe', 'pipe', 'ignore'],
    // Nothing of ours. The libuv of early releases of Node 20 would have a thread of the kernel poll, which a machine with
    // one processor feels in seconds.
    env: { UV_USE_IO_URING: '0' },
    cwd: '/',
    // A session of its own: Ctrl-C at the terminal must not end a write half-way.
    detached: true,
  });
  let answer: ((errno: number | null) => void) | undefined;
  const settle = (errno: number | null) => {
    keepAlive(child, false);
    answer?.(errno);
    answer = undefined;
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => settle(Number.parseInt(text, 10)));
  child.on('error', () => settle(null));
  child.on('exit', () => settle(null));
  // The other end may be gone when a request is written; its exit tells.
  child.stdin.on('error', () => undefined);
  return {
    child,
    end: () => void child.stdin.end(),
    ask: (request) =>
      new Promise((resolve) => {
        if (hasEnded(child)) {
          resolve(null);
          return;
        }
        answer = resolve;
        keepAlive(child, true);
        child.stdin.write(request);
      }),
  };
}

/** Whether this process waits for the helper: only while it owes an answer. */
function keepAlive(child: ChildProcess, wait: boolean): void {
  // Pipes of a child are sockets, which the types of a stream do not tell.
  const handles = [child, child.stdin, child.stdout] as unknown as readonly ({ ref(): void; unref(): void } | null)[];
  for (const handle of handles) {
    if (wait) handle?.ref();
    else handle?.unref();
  }
}
