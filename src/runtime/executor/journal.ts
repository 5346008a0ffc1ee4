import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { invariant } from '../../model/index.ts';

/** What the journal says of a durable step. `begun` without `done` means that its outcome must be looked up on the host. */
export type JournalMark = 'begun' | 'done' | 'undoing' | 'undone';

/** Keeps track of the durable steps of a run, so that a way back can start from it after a crash. */
export interface Journal {
  record(mark: JournalMark, stepId: string): void;
}

/** A journal in a file: one JSON document a line, synced to disk before the call returns. */
export class FileJournal implements Journal {
  private fd: number | undefined;

  /** Opens, or makes, the journal for appending. Throws what open(2) does. */
  constructor(path: string) {
    this.fd = openSync(path, 'a', 0o600);
  }

  record(mark: JournalMark, stepId: string): void {
    invariant(this.fd !== undefined, 'the journal is closed');
    writeSync(this.fd, `${JSON.stringify({ mark, step: stepId })}\n`);
    fsyncSync(this.fd);
  }

  close(): void {
    if (this.fd !== undefined) closeSync(this.fd);
    this.fd = undefined;
  }
}

/** Where the durable steps of a run stand. */
export interface JournalState {
  /** Steps that ran, or may have. */
  readonly ran: ReadonlySet<string>;
  /** Steps of the way back that are done. */
  readonly undone: ReadonlySet<string>;
  /** Steps, of both directions, that were begun and of which no end is recorded. */
  readonly unsettled: ReadonlySet<string>;
}

const MARKS: ReadonlySet<string> = new Set(['begun', 'done', 'undoing', 'undone'] satisfies JournalMark[]);
const isMark = (text: unknown): text is JournalMark => typeof text === 'string' && MARKS.has(text);

/**
 * Reads a journal. A last line that was torn by a power loss is left out: its step had not been started, or, for `done`,
 * is still known as begun. A journal that is not there is empty.
 */
export function readJournal(path: string): JournalState {
  const entries = readLines(path).map(parseEntry);
  return journalState(entries.filter((entry) => entry !== undefined));
}

/** What the marks of a journal come to, in the order in which they were made. */
export function journalState(entries: Iterable<{ readonly mark: JournalMark; readonly step: string }>): JournalState {
  const ran = new Set<string>();
  const undone = new Set<string>();
  const unsettled = new Set<string>();
  for (const { mark, step } of entries) {
    if (mark === 'begun' || mark === 'done') ran.add(step);
    if (mark === 'undone') undone.add(step);
    if (mark === 'begun' || mark === 'undoing') unsettled.add(step);
    else unsettled.delete(step);
  }
  return { ran, undone, unsettled };
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function parseEntry(line: string): { mark: JournalMark; step: string } | undefined {
  try {
    const entry: unknown = JSON.parse(line);
    if (typeof entry !== 'object' || entry === null) return undefined;
    const { mark, step } = entry as { mark?: unknown; step?: unknown };
    return isMark(mark) && typeof step === 'string' ? { mark, step } : undefined;
  } catch {
    return undefined;
  }
}
