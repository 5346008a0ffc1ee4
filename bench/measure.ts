import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
/** The command as it is shipped. What runs through a loader says nothing about it. */
export const BIN = join(ROOT, 'dist', 'cli', 'main.cjs');

/** Throws where the command has not been built. */
export function requireBin(): void {
  if (!existsSync(BIN)) throw new Error('dist/cli/main.cjs is missing: run "npm run build" first');
}

/** The middle value; of an even number, the upper one. Throws where there is none. */
export function median(values: readonly number[]): number {
  const middle = [...values].sort((a, b) => a - b)[values.length >> 1];
  if (middle === undefined) throw new Error('nothing was measured');
  return middle;
}

export interface Run {
  readonly milliseconds: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs Node with these arguments and measures its wall time. Throws where it fails: a failure would look fast. */
export function timeNode(args: readonly string[], cwd = ROOT): Run {
  const start = process.hrtime.bigint();
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd,
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  });
  const milliseconds = Number(process.hrtime.bigint() - start) / 1e6;
  if (status !== 0) {
    throw new Error(`node ${args.join(' ')} ended with ${signal ?? status}: ${stderr.slice(0, 2000)}`);
  }
  return { milliseconds, stdout, stderr };
}
