import { spawnSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem, type } from 'node:os';

/** What the figures were measured on, a line each. */
export function describeMachine(now: Date): string[] {
  const processors = cpus();
  return [
    `Processor: ${processors[0]?.model.trim() ?? 'unknown'}, ${processors.length} cores`,
    `Memory: ${(totalmem() / 2 ** 30).toFixed(1)} GiB`,
    `Kernel: ${type()} ${release()}`,
    `Node: ${process.version} (V8 ${process.versions.v8})`,
    `Load average before the run: ${loadavg()
      .map((load) => load.toFixed(2))
      .join(', ')}`,
    `Date: ${now.toISOString().slice(0, 10)}`,
    `Commit: ${commit()}`,
  ];
}

function commit(): string {
  const git = (...args: readonly string[]) => spawnSync('git', args, { encoding: 'utf8', cwd: import.meta.dirname });
  const { status, stdout } = git('rev-parse', '--short=12', 'HEAD');
  if (status !== 0) return 'unknown';
  const changed = git('status', '--porcelain', '--', '../src', '../scripts').stdout.trim() !== '';
  return `${stdout.trim()}${changed ? ' with changes' : ''}`;
}
