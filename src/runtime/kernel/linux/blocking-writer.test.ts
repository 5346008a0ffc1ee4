import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { BlockingWriter } from './blocking-writer.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'writer-'));
  path = join(folder, 'unbind');
  writeFileSync(path, '');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The processes that this one has started and that have not ended. */
const children = (): string[] =>
  readdirSync('/proc/self/task').flatMap((task) => {
    try {
      return readFileSync(`/proc/self/task/${task}/children`, 'utf8').split(' ').filter(Boolean);
    } catch {
      // A thread that has ended meanwhile.
      return [];
    }
  });

/** The helpers that were started since. */
const since = (before: readonly string[]): string[] => children().filter((pid) => !before.includes(pid));

test('writes that follow each other have one helper between them', async () => {
  const before = children();
  const writer = new BlockingWriter();
  await writer.write(path, 'one');
  const first = since(before);
  await writer.write(path, 'two');
  expect(first).toHaveLength(1);
  expect(since(before)).toEqual(first);
  expect(readFileSync(path, 'utf8')).toBe('two');
  process.kill(Number(first[0]), 'SIGKILL');
});

test('R-BACK-1: a helper that has nothing to write for a while ends, and the next write has another', async () => {
  const before = children();
  const writer = new BlockingWriter(50);
  await writer.write(path, 'one');
  await vi.waitFor(() => expect(since(before)).toEqual([]), { timeout: 10_000 });
  await writer.write(path, 'two');
  expect(readFileSync(path, 'utf8')).toBe('two');
  await vi.waitFor(() => expect(since(before)).toEqual([]), { timeout: 10_000 });
});

test('a helper that somebody has killed is not asked again', async () => {
  const before = children();
  const writer = new BlockingWriter();
  await writer.write(path, 'one');
  for (const pid of since(before)) process.kill(Number(pid), 'SIGKILL');
  await vi.waitFor(() => expect(since(before)).toEqual([]), { timeout: 10_000 });
  await writer.write(path, 'two');
  expect(readFileSync(path, 'utf8')).toBe('two');
  for (const pid of since(before)) process.kill(Number(pid), 'SIGKILL');
});
