import { ftruncateSync, closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { invariant } from '../../model/index.ts';

/** What the journal says of a durable step. `begun` without `done` means that its outcome must be looked up on the host. */
export type JournalMark = 'begun' | 'done' | 'undoing' | 'undone';

/** Keeps track of the durable steps of a run, so that a way back can start from it after a crash. */
export interface Journal {
  record(mark: JournalMark, stepId: string): void;
}

/** One entry as it stands in a journal: a JSON document on a line of its own. */
export const journalLine = (mark: JournalMark, step: string): string => `${JSON.stringify({ mark, step })}\n`;

/** A journal in a file: one JSON document a line, synced to disk before the call returns. */
export class FileJournal implements Journal {
  private fd: number | undefined;

  /** Opens, or makes, the journal for appending, behind its last whole line. Throws what open(2) does. */
  constructor(path: string) {
    this.fd = openSync(path, 'a+', 0o600);
    const text = readFileSync(this.fd);
    const whole = text.lastIndexOf('\n') + 1;
    if (whole < text.length) ftruncateSync(this.fd, whole);
  }

  record(mark: JournalMark, stepId: string): void {
    invariant(this.fd !== undefined, 'the journal is closed');
    writeSync(this.fd, journalLine(mark, stepId));
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
  /** Whether something other than the end of it cannot be read, or all of it is gone: any step may have run. */
  readonly damaged: boolean;
}

const MARKS: ReadonlySet<string> = new Set(['begun', 'done', 'undoing', 'undone'] satisfies JournalMark[]);

/** Reads a journal's file, as {@link parseJournal}. */
export const readJournal = (path: string): JournalState => parseJournal(readText(path));

/**
 * Where the steps stand by the text of a journal; undefined where there is none. A last line that was torn by a power loss
 * is left out: its step had not been started, or, for `done`, is still known as begun. Any other line that makes no sense is
 * damage.
 */
export function parseJournal(text: string | undefined): JournalState {
  const ran = new Set<string>();
  const undone = new Set<string>();
  let damaged = text === undefined;
  for (const line of wholeLines(text ?? '')
    .split('\n')
    .slice(0, -1)) {
    const entry = parseEntry(line);
    if (!entry) {
      damaged = true;
      continue;
    }
    if (entry.mark === 'begun' || entry.mark === 'done') ran.add(entry.step);
    if (entry.mark === 'undone') undone.add(entry.step);
  }
  return { ran, undone, damaged };
}

/** What of a journal was written whole: behind its last newline is what was being written when the power went. */
export const wholeLines = (text: string): string => text.slice(0, text.lastIndexOf('\n') + 1);

/** Undefined where there is no journal. */
function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function parseEntry(line: string): { mark: string; step: string } | undefined {
  try {
    const entry: unknown = JSON.parse(line);
    if (typeof entry !== 'object' || entry === null) return undefined;
    const { mark, step } = entry as { mark?: unknown; step?: unknown };
    if (typeof mark !== 'string' || typeof step !== 'string' || !MARKS.has(mark)) return undefined;
    return { mark, step };
  } catch {
    return undefined;
  }
}
