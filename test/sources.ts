import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..');

export interface Source {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
}

/** The files below some folders whose path matches, with their text. Throws where there are none: a check of nothing is none. */
export function filesIn(folders: readonly string[], pattern: RegExp): Source[] {
  const found = folders
    .filter((folder) => existsSync(join(ROOT, folder)))
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
    )
    .filter((path) => pattern.test(path))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
  if (found.length === 0) throw new Error(`nothing in ${folders.join(', ')} matches ${String(pattern)}`);
  return found;
}

const CODE = /^(?!.*\.test\.ts$)(?!.*\.d\.[cm]?ts$).*\.ts$/;

/** What ships, without what is generated and what only tests use. */
export const shippedSources = (): Source[] =>
  filesIn(['src', 'plugins'], CODE).filter(({ path }) => !/^src\/(testing|model\/generated)\//.test(path));

export const testSources = (): Source[] => filesIn(['src', 'test', 'plugins'], /\.test\.ts$/);
