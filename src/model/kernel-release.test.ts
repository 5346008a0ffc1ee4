import { expect, test } from 'vitest';
import { isReleaseSince } from './kernel-release.ts';

test('compares the first two numbers of a release as numbers', () => {
  expect(isReleaseSince('6.12.38-amd64', 6, 3)).toBe(true);
  expect(isReleaseSince('6.3.0', 6, 3)).toBe(true);
  expect(isReleaseSince('6.1.192-arm64', 6, 3)).toBe(false);
  expect(isReleaseSince('7.0-rc1', 6, 18)).toBe(true);
  expect(isReleaseSince('5.19.0', 6, 3)).toBe(false);
});

test('takes a release that says nothing for a new one', () => {
  expect(isReleaseSince('unknown', 6, 3)).toBe(true);
});
