import { appendFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LIMITS } from '../../model/index.ts';
import { FileJournal, readJournal } from './journal.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'vfio-compose-journal-'));
});
afterEach(() => rmSync(directory, { recursive: true }));
const path = () => join(directory, 'journal.jsonl');

it('R-BACK-2: counts a step that was begun and never recorded as done among those that may have run', () => {
  const journal = new FileJournal(path());
  journal.record('begun', 'bind-driver:0000:31:00.0');
  journal.close();
  expect([...readJournal(path()).ran]).toEqual(['bind-driver:0000:31:00.0']);
});

it('R-BACK-2: leaves out a last line that was torn by a power loss', () => {
  const journal = new FileJournal(path());
  journal.record('begun', 'a');
  journal.record('done', 'a');
  journal.close();
  appendFileSync(path(), '{"mark":"begun","st');
  expect([...readJournal(path()).ran]).toEqual(['a']);
});

it('knows which steps of the way back are done, and does not count one that was only tried', () => {
  const journal = new FileJournal(path());
  journal.record('undoing', 'back:a');
  journal.record('undone', 'back:a');
  journal.record('undoing', 'back:b');
  journal.close();
  expect([...readJournal(path()).undone]).toEqual(['back:a']);
});

it('R-BACK-2: knows of which steps, of either direction, no end is recorded', () => {
  const journal = new FileJournal(path());
  for (const step of ['a', 'b']) journal.record('begun', step);
  journal.record('done', 'a');
  for (const step of ['back:b', 'back:a']) journal.record('undoing', step);
  journal.record('undone', 'back:b');
  journal.close();
  expect([...readJournal(path()).unsettled]).toEqual(['b', 'back:a']);
});

it('R-BACK-2: goes on behind a torn line as if it were not there', () => {
  appendFileSync(path(), `{"mark":"begun","step":"a"}\n{"mark":"begun","st`);
  const journal = new FileJournal(path());
  journal.record('undone', 'back:a');
  journal.close();
  expect(readFileSync(path(), 'utf8')).toBe('{"mark":"begun","step":"a"}\n{"mark":"undone","step":"back:a"}\n');
  const torn = new FileJournal(path());
  torn.close();
  appendFileSync(path(), 'x'.repeat(10_000));
  new FileJournal(path()).close();
  expect(readJournal(path()).undone.size).toBe(1);
});

it('R-BACK-2: tells a journal that is gone, or of which more than the end is unreadable, from one that is whole', () => {
  expect(readJournal(path())).toMatchObject({ ran: new Set(), damaged: true });
  const journal = new FileJournal(path());
  expect(readJournal(path()).damaged).toBe(false);
  journal.record('begun', 'a');
  journal.close();
  expect(readJournal(path()).damaged).toBe(false);
  for (const line of ['null', '[]', '{"mark":"invented","step":"a"}', '{"mark":"done","step":7}', '\0\0\0']) {
    writeFileSync(path(), `{"mark":"begun","step":"a"}\n${line}\n`);
    expect(readJournal(path()), line).toMatchObject({ ran: new Set(['a']), damaged: true });
  }
});

it('SECURITY: neither reads nor writes through a link in the place of a journal', () => {
  const other = join(directory, 'other');
  appendFileSync(other, '');
  symlinkSync(other, path());
  expect(() => readJournal(path())).toThrow('is a symbolic link');
  expect(() => new FileJournal(path())).toThrow('ELOOP');
  expect(readFileSync(other, 'utf8')).toBe('');
});

it('SECURITY: reads no more of a journal than is allowed', () => {
  appendFileSync(path(), '');
  truncateSync(path(), LIMITS.state.journal + 1);
  expect(() => readJournal(path())).toThrow('the most that are read');
});
