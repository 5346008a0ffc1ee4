import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StateDirectory, StateDirectoryError } from './state-directory.ts';

let folder: string;
const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'state-directory-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

/** What `ensure` says against a directory; undefined where it takes it. */
function refusalOf(path: string): StateDirectoryError | undefined {
  try {
    new StateDirectory(path).ensure();
    return undefined;
  } catch (error) {
    if (error instanceof StateDirectoryError) return error;
    throw error;
  }
}

/** Runs a script beside the module, in a process that may become another user. */
function askAsChild(script: string, path: string): string {
  const { outputFiles } = buildSync({
    stdin: {
      contents: `import { StateDirectory } from './state-directory.ts';\n${script}`,
      resolveDir: import.meta.dirname,
    },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    write: false,
    logLevel: 'error',
  });
  return execFileSync(process.execPath, ['-e', outputFiles[0]?.text ?? '', path], { encoding: 'utf8' });
}

describe('the state directory', () => {
  it('is made for this user alone, with what is above it, and taken again', () => {
    const path = join(folder, 'a', 'b');
    expect(refusalOf(path)).toBeUndefined();
    expect(refusalOf(path)).toBeUndefined();
  });

  it("hides nothing where it is this user's own, or not there at all", () => {
    expect(new StateDirectory(folder).isHidden()).toBe(false);
    expect(new StateDirectory(join(folder, 'absent')).isHidden()).toBe(false);
  });

  it.runIf(isRoot)('hides its projects from a user who may not look', () => {
    // Root may look everywhere, so somebody else has to.
    const script = `process.setgid(${NOBODY}); process.setgroups([]); process.setuid(${NOBODY});
      process.stdout.write(String(new StateDirectory(process.argv[1]).isHidden()));`;
    chmodSync(folder, 0o700);
    expect(askAsChild(script, folder)).toBe('true');
    chmodSync(folder, 0o755);
    expect(askAsChild(script, folder)).toBe('false');
  });

  it('is refused where others may write it', () => {
    chmodSync(folder, 0o777);
    expect(refusalOf(folder)).toMatchObject({ code: null });
  });

  it('is refused where it is a link', () => {
    const target = join(folder, 'target');
    mkdirSync(target, { mode: 0o700 });
    symlinkSync(target, join(folder, 'link'));
    expect(refusalOf(join(folder, 'link'))).toMatchObject({ code: null });
  });

  it.runIf(isRoot)("is a missing right where it is root's and this user is not", () => {
    // Who asks is pretended; whose it is is real.
    vi.spyOn(process, 'getuid').mockReturnValue(NOBODY);
    expect(refusalOf(folder)).toMatchObject({ code: 'EACCES' });
  });

  it.runIf(isRoot)('is refused where it belongs to somebody who is neither root nor this user', () => {
    chownSync(folder, NOBODY, NOBODY);
    expect(refusalOf(folder)).toMatchObject({ code: null });
    vi.spyOn(process, 'getuid').mockReturnValue(NOBODY - 1);
    expect(refusalOf(folder)).toMatchObject({ code: null });
  });

  it('SECURITY: is looked at before anything in it is believed, and one that is not there is empty', () => {
    const state = new StateDirectory(join(folder, 'state'));
    expect(state.projects()).toEqual([]);
    mkdirSync(join(state.path, 'edge'), { recursive: true, mode: 0o700 });
    expect(state.projects()).toEqual(['edge']);
    chmodSync(state.path, 0o777);
    expect(() => state.projects()).toThrow(StateDirectoryError);
  });

  it.runIf(isRoot)(
    'SECURITY: is refused to root below a folder in which somebody else could put another in its place',
    () => {
      const above = join(folder, 'above');
      mkdirSync(join(above, 'state'), { recursive: true, mode: 0o700 });
      expect(refusalOf(join(above, 'state'))).toBeUndefined();
      chownSync(above, NOBODY, NOBODY);
      expect(refusalOf(join(above, 'state'))?.message).toContain(`${above} belongs to uid ${NOBODY}`);
      chownSync(above, 0, 0);
      chmodSync(above, 0o777);
      expect(refusalOf(join(above, 'state'))?.message).toContain('may be written by everybody');
      // As /tmp is: only the owner of an entry can move it.
      chmodSync(above, 0o1777);
      expect(refusalOf(join(above, 'state'))).toBeUndefined();
    },
  );

  it.each(['..', '.', '', 'a/b', '../a', '/etc', 'a\0', 'A', '.simulated', '-a', 'a'.repeat(64)])(
    'SECURITY: has no project called %j',
    (name) => {
      expect(() => new StateDirectory(folder).project(name)).toThrow(StateDirectoryError);
    },
  );

  it('SECURITY: has a project of any legal name, inside of it', () => {
    expect(new StateDirectory(folder).project('edge-1_a').path).toBe(join(folder, 'edge-1_a'));
  });

  it('SECURITY: has no project that is a link, nor one that others may write', () => {
    mkdirSync(join(folder, 'real'), { mode: 0o700 });
    symlinkSync('real', join(folder, 'edge'));
    const state = new StateDirectory(folder);
    expect(state.projects()).toEqual(['real']);
    expect(() => state.project('edge').check()).toThrow(StateDirectoryError);
    expect(() => state.project('edge').create()).toThrow(StateDirectoryError);
    expect(() => state.project('real').check()).not.toThrow();
    chmodSync(join(folder, 'real'), 0o770);
    expect(() => state.project('real').check()).toThrow(StateDirectoryError);
  });
});
