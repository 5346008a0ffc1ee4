import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { realClock } from '../runtime/supervision/clock.ts';
import { ProjectLog } from '../runtime/supervision/project-log.ts';
import { keepAndShow } from './keep-and-show.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keep-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const kept = (): string => readFileSync(join(folder, 'log'), 'utf8').replaceAll(/^\S+ /gm, '');

function start(shown: Writable): PassThrough {
  const source = new PassThrough();
  keepAndShow(new ProjectLog(join(folder, 'log'), realClock), 'edge', source, shown);
  return source;
}

it('waits for a terminal that takes nothing, and goes on when it does', async () => {
  let go: () => void = () => {};
  const seen: string[] = [];
  const slow = new Writable({
    highWaterMark: 1,
    write: (chunk: Buffer, _, done) => {
      seen.push(chunk.toString());
      go = done;
    },
  });
  const source = start(slow);
  source.write('one\n');
  await sleep(20);
  source.write('two\n');
  await sleep(20);
  expect(source.isPaused()).toBe(true);
  expect(kept()).toBe('edge one\n');
  go();
  await sleep(20);
  expect(seen).toEqual(['one\n', 'two\n']);
  expect(kept()).toBe('edge one\nedge two\n');
});

it('goes on keeping where the terminal is closed', async () => {
  const stuck = new Writable({ highWaterMark: 1, write: () => {} });
  stuck.on('error', () => {});
  const source = start(stuck);
  source.write('one\n');
  await sleep(20);
  stuck.destroy(new Error('EPIPE'));
  source.write('two\n');
  await sleep(20);
  expect(kept()).toBe('edge one\nedge two\n');
});
