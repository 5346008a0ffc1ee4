import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  rmSync,
  type Stats,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dangerAbove } from '../danger.ts';

/** The state directory cannot be trusted or made. The message says what is wrong with it. */
export class StateDirectoryError extends Error {
  override readonly name = 'StateDirectoryError';

  constructor(
    message: string,
    /** The errno that making it failed with; EACCES too where it is root's and we are not. */
    readonly code: string | null,
  ) {
    super(message);
  }
}

const PROJECT_NAME = /^[a-z0-9][a-z0-9_-]{0,62}$/;

/**
 * Where running projects are recorded: a directory of root's (or the simulating user's) that nobody else may write,
 * since what stands in it is carried out.
 */
export class StateDirectory {
  constructor(readonly path: string) {}

  /** /run/vfio-compose for the live machine; for a simulated one a directory of the user's own. */
  static default(simulated: boolean, env: Readonly<Record<string, string | undefined>>): StateDirectory {
    const named = env['VFIO_COMPOSE_STATE_DIR'];
    if (named) return new StateDirectory(named);
    if (!simulated) return new StateDirectory('/run/vfio-compose');
    const runtime = env['XDG_RUNTIME_DIR'];
    const uid = process.getuid?.() ?? 0;
    return new StateDirectory(
      runtime ? join(runtime, 'vfio-compose-simulated') : join(tmpdir(), `vfio-compose-simulated-${uid}`),
    );
  }

  /** Makes the directory, or makes sure that nobody else could have put anything into it. */
  ensure(): void {
    makePrivate(this.path);
  }

  /** Makes sure of the same where it is only read; one that is not there is empty. Throws {@link StateDirectoryError}. */
  check(): void {
    checkPrivate(this.path);
  }

  /** Whether projects may be recorded here that this user may not see: root's directory is closed to everybody else. */
  isHidden(): boolean {
    try {
      accessSync(this.path, constants.R_OK | constants.X_OK);
      return false;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'EACCES';
    }
  }

  /** Of the locks on things of the host. */
  locks(): string {
    return join(this.path, '.locks');
  }

  /** Held while what a simulated host has become is read and written again. */
  simulatedLock(): string {
    return join(this.path, '.simulated-lock');
  }

  simulatedHostFile(digest: string): string {
    return join(this.path, '.simulated', `${digest.replace('sha256:', '')}.json`);
  }

  /** What a project that went down by itself left to be read: its log and its events. */
  lastRun(name: string): ProjectDirectory {
    return new StateDirectory(join(this.path, '.last')).project(name);
  }

  /** The directory of a project. Throws {@link StateDirectoryError} for a name that would lead elsewhere. */
  project(name: string): ProjectDirectory {
    if (!PROJECT_NAME.test(name)) {
      throw new StateDirectoryError(`${JSON.stringify(name.slice(0, 80))} cannot be the name of a project.`, null);
    }
    return new ProjectDirectory(name, this);
  }

  /**
   * The names of the recorded projects, sorted. None where this user may not look: planning needs no root, and `up`,
   * which does, looks again. Throws {@link StateDirectoryError} where somebody else may have put them there.
   */
  projects(): string[] {
    this.check();
    let entries;
    try {
      entries = readdirSync(this.path, { withFileTypes: true });
    } catch (error) {
      if (['ENOENT', 'EACCES', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
      throw error;
    }
    return entries
      .filter((entry) => entry.isDirectory() && PROJECT_NAME.test(entry.name))
      .map((entry) => entry.name)
      .sort();
  }
}

/** The files of one running project. */
export class ProjectDirectory {
  readonly path: string;

  constructor(
    readonly name: string,
    /** Where it lies, beside those of other projects. */
    readonly state: StateDirectory,
  ) {
    this.path = join(state.path, name);
  }

  readonly record = (): string => join(this.path, 'state.json');
  readonly plan = (): string => join(this.path, 'plan.json');
  readonly journal = (): string => join(this.path, 'journal.jsonl');
  readonly log = (): string => join(this.path, 'log');
  readonly events = (): string => join(this.path, 'events.jsonl');
  readonly processes = (): string => join(this.path, 'processes.json');

  create(): void {
    makePrivate(this.path);
  }

  /** Throws {@link StateDirectoryError} where it, or the state directory, may hold what somebody else has put there. */
  check(): void {
    checkPrivate(this.state.path);
    checkPrivate(this.path);
  }

  exists(): boolean {
    return existsSync(this.path);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/**
 * Makes a directory of this user's alone, with what is above it. One that is there already has to be this user's, and nobody
 * else may write it, nor, where this user is root, put another in its place. Throws {@link StateDirectoryError}.
 */
export function makePrivate(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? null;
    throw new StateDirectoryError(`The state directory ${path} cannot be made (${code}).`, code);
  }
  // Looked at after it was made: where somebody else was quicker, it is theirs.
  const stat = lstatSync(path);
  const own = process.getuid?.() ?? stat.uid;
  refuseUnless(isPrivate(stat, [own]), path, stat);
  refuseAbove(path, own);
}

/**
 * Makes sure of the same before something in it is believed. What is root's will do too: who plans need not be root. One that
 * is not there, or that this user may not look at, holds nothing.
 */
export function checkPrivate(path: string): void {
  let stat: Stats;
  try {
    stat = lstatSync(path);
  } catch (error) {
    if (['ENOENT', 'EACCES', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return;
    throw error;
  }
  const own = process.getuid?.() ?? stat.uid;
  refuseUnless(isPrivate(stat, [own, 0]), path, stat);
  refuseAbove(path, own);
}

const isPrivate = (stat: Stats, owners: readonly number[]): boolean =>
  stat.isDirectory() && owners.includes(stat.uid) && (stat.mode & 0o022) === 0;

function refuseUnless(good: boolean, path: string, { uid, mode }: Stats): void {
  if (good) return;
  const own = process.getuid?.() ?? uid;
  const message =
    `The state directory ${path} belongs to uid ${uid} with permissions 0${(mode & 0o777).toString(8)}; it must be a ` +
    `directory of uid ${own} that nobody else may write, since what stands in it is carried out.`;
  throw new StateDirectoryError(message, isRoots(uid, own) ? 'EACCES' : null);
}

/** What root trusts must not be replaced by who owns a folder above it. */
function refuseAbove(path: string, own: number): void {
  if (own !== 0) return;
  const why = dangerAbove(realpathSync(path), new Set([0]));
  if (why === undefined) return;
  throw new StateDirectoryError(
    `The state directory ${path} is not safe: ${why} What stands in it is carried out.`,
    null,
  );
}

/** Root's directory is the normal one, and a user who is not root lacks a right; anybody else's is a trap. */
const isRoots = (uid: number, own: number): boolean => uid === 0 && own !== 0;
