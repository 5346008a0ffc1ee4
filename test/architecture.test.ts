import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
/** Not ours, or made by commands. */
const IGNORED = new Set(['.git', '.cache', 'node_modules', 'dist', 'coverage']);
/** Folders whose own folders are data, one for each thing: not part of the house. */
const COLLECTIONS = new Set(['examples', 'plugins', 'bench']);

/** The folders below one, at any depth, that hold a file; an empty one is not in a clone either. */
function foldersOnDisk(folder = ''): string[] {
  const entries = readdirSync(join(ROOT, folder), { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && !IGNORED.has(entry.name))
    .flatMap((entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      const below = foldersOnDisk(path);
      const holdsFiles = readdirSync(join(ROOT, path), { withFileTypes: true }).some((inside) => inside.isFile());
      if (!holdsFiles && below.length === 0) return [];
      return COLLECTIONS.has(path) ? [path] : [path, ...below];
    });
}

/** The folders of the tree in ARCHITECTURE.md: two blanks a level, a slash behind each name. */
function foldersInTree(): string[] {
  const [, tree = ''] =
    /## The house.*?^```\n(.*?)^```/ms.exec(readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8')) ?? [];
  const path: string[] = [];
  return tree
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [, indent = '', name = ''] = /^( *)(\S+)\/(\s|$)/.exec(line) ?? [];
      if (name === '') throw new Error(`not a folder: ${line}`);
      path.splice(indent.length / 2);
      path.push(name);
      return path.join('/');
    });
}

test('the tree in ARCHITECTURE.md is the tree on disk', () => {
  expect(foldersInTree().sort()).toEqual(foldersOnDisk().sort());
});
