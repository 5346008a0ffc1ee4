import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { directoryWith } from '../testing/directory.ts';
import { writeFileAtomically } from './write-atomically.ts';

test('replaces a file, for its owner alone unless told otherwise', () => {
  const root = directoryWith({ 'plan.json': 'old' });
  const file = join(root, 'plan.json');
  writeFileAtomically(file, 'new');
  expect(readFileSync(file, 'utf8')).toBe('new');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  writeFileAtomically(join(root, 'host.json'), '{}', 0o644);
  expect(statSync(join(root, 'host.json')).mode & 0o777).toBe(0o644 & ~process.umask());
});

test('leaves nothing behind where it fails', () => {
  const root = directoryWith({});
  mkdirSync(join(root, 'taken', 'inside'), { recursive: true });
  expect(() => writeFileAtomically(join(root, 'taken'), 'text')).toThrow();
  expect(readdirSync(root)).toEqual(['taken']);
});
