import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isProjectName, legalProjectName } from './project-name.ts';

test('makes a legal name of a directory name', () => {
  expect(legalProjectName('Edge Router (lab)')).toBe('edge-router-lab');
  expect(legalProjectName('.hidden')).toBe('hidden');
  expect(legalProjectName('_x_')).toBe('x_');
  expect(legalProjectName('')).toBe('project');
  expect(legalProjectName('日本')).toBe('project');
});

test('makes a legal name of every directory name', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 300 }), (name) => {
      expect(isProjectName(legalProjectName(name))).toBe(true);
    }),
  );
});

test('refuses what a path or a shell could take for something else', () => {
  for (const name of ['', '..', 'a/b', 'A', '-a', 'a b', 'a\n', 'x'.repeat(64)])
    expect(isProjectName(name), name).toBe(false);
});
