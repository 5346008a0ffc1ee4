import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { equal, holds } from './assert.ts';
import { isThere } from './process.ts';
import { vfioCompose, type CommandOptions, type Finished } from './command.ts';

export interface RunOptions extends CommandOptions {
  /** A saved plan is run as it is: no manifest beside it. */
  readonly withoutManifest?: boolean;
}

/** A project of the command inside the guest: a manifest and a state folder of its own. */
export interface Project {
  readonly manifest: string;
  readonly stateDir: string;
  /** Runs a verb on it. */
  run(verb: string, args?: readonly string[], options?: RunOptions): Promise<Finished>;
  /** `up -d` without questions. */
  up(...args: readonly string[]): Promise<Finished>;
  down(...args: readonly string[]): Promise<Finished>;
  /**
   * For cleanups: `down` where something is recorded of it. A command takes seconds here, and after tests that have passed
   * there is nothing to take back.
   */
  clear(): Promise<void>;
  /** What `ps` says of it; nothing where it is not recorded. */
  ps(): Promise<PsRow | undefined>;
  /** A path beside the manifest, for a plan or a snapshot. */
  file(name: string, content?: string): string;
}

/** A project as `ps -o json` shows it, as far as the tests look. */
export interface PsRow {
  readonly name: string;
  readonly status: string;
  readonly pid: number | null;
}

/**
 * Writes a manifest where a user would have it. Projects share one state folder, as they do on a real host: two of them
 * that want one device have to meet.
 */
export function project(name: string, manifest: string): Project {
  const folder = path.join('/run/projects', name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const file = (inner: string, content?: string): string => {
    const where = path.join(folder, inner);
    if (content !== undefined) writeFileSync(where, content);
    return where;
  };
  const stateDir = '/run/vfio-compose';
  const run = (verb: string, args: readonly string[] = [], options: RunOptions = {}): Promise<Finished> => {
    const { withoutManifest = false, ...rest } = options;
    const manifest = withoutManifest ? [] : ['-f', file('vfio-compose.yaml')];
    return vfioCompose([...manifest, '--state-dir', stateDir, verb, ...args], { cwd: folder, ...rest });
  };
  file('vfio-compose.yaml', `version: 1\nname: ${name}\n${manifest}`);
  return {
    manifest: file('vfio-compose.yaml'),
    stateDir,
    run,
    up: (...args) => run('up', ['-d', '--yes', ...args]),
    down: (...args) => run('down', args),
    clear: async () => {
      if (existsSync(path.join(stateDir, name))) await run('down');
    },
    ps: async () => {
      const ps = await run('ps', ['-o', 'json']);
      ended(ps, 0, 'ps');
      const { projects } = JSON.parse(ps.stdout) as { projects: PsRow[] };
      return projects.find((row) => row.name === name);
    },
    file,
  };
}

/** The process that holds a project. */
export async function supervisorOf(of: Project): Promise<number> {
  const row = await of.ps();
  equal(row?.status, 'running', 'its status');
  const pid = row?.pid;
  holds(typeof pid === 'number' && isThere(pid), `ps names no living process: ${JSON.stringify(row)}`);
  return pid;
}

/** The command ended with this status; what it said is in the failure otherwise. */
export function ended(finished: Finished, status: number, what: string): void {
  if (finished.status === status) return;
  throw new Error(`${what} ended with ${finished.status}, expected ${status}: ${finished.stderr || finished.stdout}`);
}
