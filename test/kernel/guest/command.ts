import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

/** A finished command. */
export interface Finished {
  readonly status: number | NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

/** A command that still runs. */
export interface Running {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  /** What it has written so far. */
  output(): string;
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
  readonly limitSeconds?: number;
  /** Runs as this user, and the group of the same number, in the place of root. */
  readonly user?: number;
}

/** The folder that the harness filled. */
export const WORK = path.dirname(process.argv[1] ?? '/');

/** The command as a user has it after `npm install`. */
export const VFIO_COMPOSE = path.join(WORK, 'node_modules', '.bin', 'vfio-compose');

/** Long: on the emulated 32-bit processor a command takes ten seconds, and more where the outside is busy. */
const LIMIT_SECONDS = 300;

/** Starts a program; it is killed by its own process id when its time is over. */
export function start(program: string, args: readonly string[], options: CommandOptions = {}): Running {
  const began = performance.now();
  const child = spawn(program, args, {
    cwd: options.cwd ?? '/run',
    env: { ...process.env, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(options.user === undefined ? {} : { uid: options.user, gid: options.user }),
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdin.on('error', () => undefined);
  if (options.input !== undefined) child.stdin.end(options.input);
  const timer = setTimeout(() => child.kill('SIGKILL'), (options.limitSeconds ?? LIMIT_SECONDS) * 1000);
  const finished = (async (): Promise<Finished> => {
    try {
      const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
      return { status: code ?? signal ?? 'SIGKILL', stdout, stderr, seconds: (performance.now() - began) / 1000 };
    } finally {
      clearTimeout(timer);
    }
  })();
  return { child, finished, output: () => stdout + stderr };
}

/** Runs a program to its end, with nothing to read. */
export function runProgram(program: string, args: readonly string[], options: CommandOptions = {}): Promise<Finished> {
  return start(program, args, { input: '', ...options }).finished;
}

/** Runs the installed command. */
export function vfioCompose(args: readonly string[], options: CommandOptions = {}): Promise<Finished> {
  return runProgram(VFIO_COMPOSE, args, options);
}

/** Waits until a running command has written something, or fails with what it wrote instead. */
export async function waitFor(running: Running, text: string | RegExp, limitSeconds = 30): Promise<void> {
  const there = (): boolean =>
    typeof text === 'string' ? running.output().includes(text) : text.test(running.output());
  const end = performance.now() + limitSeconds * 1000;
  while (!there()) {
    if (running.child.exitCode !== null || performance.now() > end) {
      throw new Error(`no ${String(text)} in: ${running.output()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
