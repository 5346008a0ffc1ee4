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
});
