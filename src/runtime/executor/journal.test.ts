import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
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

it('reads a journal that is not there as empty, and ignores lines that are none of its own', () => {
  expect(readJournal(path()).ran.size).toBe(0);
  appendFileSync(path(), 'null\n[]\n{"mark":"invented","step":"a"}\n{"mark":"done","step":7}\n');
  expect(readJournal(path()).ran.size).toBe(0);
});
