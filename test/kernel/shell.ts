import { spawn } from 'node:child_process';

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Runs a program to its end and returns what it wrote to stdout.
 * The harness calls a dozen different tools: a failure therefore names the command line and repeats its stderr, so that
 * "exit status 100" never stands alone in a CI log.
 */
export async function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  const status = await new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.on('error', (error) => reject(new Error(`${program} could not be started: ${error.message}`)));
    child.on('close', (code, signal) => resolve(code ?? signal ?? 'SIGKILL'));
  });
  if (status !== 0) {
    const said = Buffer.concat([...stdout, ...stderr])
      .toString()
      .trim();
    throw new Error(`${[program, ...args].join(' ')} failed (${status})\n${said}`);
  }
  return Buffer.concat(stdout).toString();
}
