import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { StateDirectory } from '../project/state-directory.ts';
import { BoundedFile, olderOf } from './bounded-file.ts';
import { realClock } from './clock.ts';
import { eventFile } from './events.ts';
import { followFile } from './follow-file.ts';
import { keepLastRun } from './last-run.ts';
import { Lines } from './lines.ts';
import { readProcesses, writeProcesses } from './process-record.ts';
import { parseLogLine, ProjectLog } from './project-log.ts';

const clock = { now: () => new Date(0) };
const THEN = '1970-01-01T00:00:00.000Z';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'supervision-files-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const path = () => join(folder, 'log');

/** What a follower reads; `asleep` is what happens while it waits for more. */
async function followed(follow: boolean, ...asleep: (() => void)[]): Promise<string[]> {
  const lines: string[] = [];
  const sleep = async (): Promise<void> => {
    const next = asleep.shift();
    if (!next) throw new Error('it waits for what will not come');
    next();
  };
  await followFile({ path: path(), clock: { ...realClock, sleep }, follow, line: (text) => lines.push(text) });
  return lines;
}

it('a bounded file has the newest lines, in two parts, and never more than its limit in each', () => {
  const file = new BoundedFile(path(), 100);
  for (let number = 0; number < 1000; number++) file.append(`line ${number}`);
  expect(statSync(path()).size).toBeLessThanOrEqual(100);
  expect(statSync(olderOf(path())).size).toBeLessThanOrEqual(100);
  expect(readFileSync(path(), 'utf8')).toMatch(/line 999\n$/);
});

it('a bounded file goes on where another process had left it', () => {
  new BoundedFile(path(), 20).append('fifteen letters');
  new BoundedFile(path(), 20).append('and more');
  expect(readFileSync(olderOf(path()), 'utf8')).toBe('fifteen letters\n');
  expect(readFileSync(path(), 'utf8')).toBe('and more\n');
});

it('a bounded file without its directory takes what is said, and keeps nothing', () => {
  const file = new BoundedFile(join(folder, 'gone', 'log'), 100);
  expect(() => file.append('x')).not.toThrow();
  expect(existsSync(join(folder, 'gone'))).toBe(false);
});

it('lines are whole however they arrive, letters of several bytes too, and the last needs no end', () => {
  const lines: string[] = [];
  const cutter = new Lines((line) => lines.push(line));
  const bytes = Buffer.from('größe\n\nzwei', 'utf8');
  for (const byte of bytes) cutter.push(Buffer.from([byte]));
  cutter.end();
  expect(lines).toEqual(['größe', '', 'zwei']);
});

it('a line without an end is cut: it does not fill the memory', () => {
  const lines: string[] = [];
  const cutter = new Lines((line) => lines.push(line));
  cutter.push(Buffer.from('x'.repeat(100_000)));
  expect(lines.length).toBeGreaterThanOrEqual(6);
  cutter.end();
  expect(lines.join('')).toHaveLength(100_000);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(16 * 1024);
});

it('a log says when and who, and reads back what it wrote', async () => {
  const log = new ProjectLog(path(), clock);
  log.say(null, 'one\ntwo');
  const output = new PassThrough();
  log.take('router', output);
  output.end('ready to go\n');
  await finished(output);
  const lines = readFileSync(path(), 'utf8').trimEnd().split('\n').map(parseLogLine);
  expect(lines).toEqual([
    { time: THEN, vm: null, text: 'one' },
    { time: THEN, vm: null, text: 'two' },
    { time: THEN, vm: 'router', text: 'ready to go' },
  ]);
});

it('what Node itself wrote to the log is shown as it is', () => {
  expect(parseLogLine('Error: boom')).toEqual({ time: null, vm: null, text: 'Error: boom' });
});

it('an event is one JSON document a line, with its version, its time and its project', () => {
  eventFile(path(), 'edge', clock)({ kind: 'process-exited', vm: 'a', pid: 7, status: null, signal: 'SIGKILL' });
  expect(JSON.parse(readFileSync(path(), 'utf8'))).toEqual({
    format_version: 1,
    time: THEN,
    project: 'edge',
    kind: 'process-exited',
    vm: 'a',
    pid: 7,
    status: null,
    signal: 'SIGKILL',
  });
});

it('reads both parts of a file and ends', async () => {
  writeFileSync(olderOf(path()), 'a\n');
  writeFileSync(path(), 'b\nc');
  expect(await followed(false)).toEqual(['a', 'b', 'c']);
});

it('follows a file as it grows and as it is renamed, and ends when it is gone, with what came last', async () => {
  writeFileSync(path(), 'a\n');
  const lines = await followed(
    true,
    () => writeFileSync(path(), 'b\n', { flag: 'a' }),
    () => {
      writeFileSync(path(), 'c\n', { flag: 'a' });
      renameSync(path(), olderOf(path()));
      writeFileSync(path(), 'd\n');
    },
    () => {
      writeFileSync(path(), 'e\n', { flag: 'a' });
      rmSync(path());
    },
  );
  expect(lines).toEqual(['a', 'b', 'c', 'd', 'e']);
});

it('a file that was never there has no lines', async () => {
  expect(await followed(true)).toEqual([]);
});

const projectIn = () => {
  const directory = new StateDirectory(folder).project('edge');
  directory.create();
  return directory;
};

it('the last run keeps the log and the events, and nothing of the run before it', () => {
  const of = new StateDirectory(folder).project('edge');
  const last = new StateDirectory(folder).lastRun('edge');
  of.create();
  writeFileSync(of.log(), 'one');
  writeFileSync(of.events(), 'two');
  last.create();
  writeFileSync(olderOf(last.log()), 'old');
  keepLastRun(of, last);
  expect(readFileSync(last.log(), 'utf8')).toBe('one');
  expect(readFileSync(last.events(), 'utf8')).toBe('two');
  expect(existsSync(olderOf(last.log()))).toBe(false);
});

it.each([
  '',
  '{',
  '[]',
  '{"format_version":2}',
  '{"format_version":1,"processes":1}',
  'null',
  '{"format_version":1,"processes":[],"joined":[{"pid":-1}]}',
  '{"format_version":1,"processes":[{"leader":{"pid":0}}],"joined":[]}',
])('a record of processes without sense counts as none: %s', (text) => {
  const directory = projectIn();
  writeFileSync(directory.processes(), text);
  expect(readProcesses(directory)).toEqual({ format_version: 1, processes: [], joined: [] });
});

it('a record of processes reads back as it was written', () => {
  const directory = projectIn();
  const joined = [{ pid: 7, startTime: '8', vm: 'a' }];
  writeProcesses(directory, { format_version: 1, processes: [], joined });
  expect(readProcesses(directory)).toEqual({ format_version: 1, processes: [], joined });
});
