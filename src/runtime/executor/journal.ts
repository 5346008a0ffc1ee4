import { closeSync, constants, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { invariant, LIMITS } from '../../model/index.ts';
import { readInputText } from '../read-input.ts';

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

  /**
   * Opens, or makes, the journal for appending, and takes away a last line that a power loss has torn: what is appended must
   * not become part of it. Follows no link. Throws what open(2) does.
   */
  constructor(path: string) {
    const { O_RDWR, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;
    this.fd = openSync(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
    const whole = lengthOfWholeLines(this.fd);
    if (whole < fstatSync(this.fd).size) ftruncateSync(this.fd, whole);
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
  /** Steps, of both directions, that were begun and of which no end is recorded. */
  readonly unsettled: ReadonlySet<string>;
  /** Whether something other than the end of it cannot be read, or all of it is gone: any step may have run. */
  readonly damaged: boolean;
}

const MARKS: ReadonlySet<string> = new Set(['begun', 'done', 'undoing', 'undone'] satisfies JournalMark[]);
const isMark = (text: unknown): text is JournalMark => typeof text === 'string' && MARKS.has(text);

/** A journal that has been damaged, and not by a power loss: what it says cannot be relied on. */
export class BrokenJournal extends Error {
  override readonly name = 'BrokenJournal';
}

/** Reads a journal's file, as {@link parseJournal}. Throws {@link BrokenJournal} for a file that may be somebody else's. */
export const readJournal = (path: string): JournalState => parseJournal(readText(path));

/**
 * Where the steps stand by the text of a journal; undefined where there is none. A last line that was torn by a power loss
 * is left out: its step had not been started, or, for `done`, is still known as begun. Any other line that makes no sense is
 * damage.
 */
export function parseJournal(text: string | undefined): JournalState {
  const lines = wholeLines(text ?? '')
    .split('\n')
    .slice(0, -1);
  const entries = lines.map(parseEntry);
  const readable = entries.filter((entry) => entry !== undefined);
  return { ...journalState(readable), damaged: text === undefined || readable.length < entries.length };
}

/** What the marks of a journal come to, in the order in which they were made. */
export function journalState(
  entries: Iterable<{ readonly mark: JournalMark; readonly step: string }>,
): Omit<JournalState, 'damaged'> {
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

/** The text of a journal up to its last end of a line: what stands behind it was never whole. */
export const wholeLines = (text: string): string => text.slice(0, text.lastIndexOf('\n') + 1);

/** Undefined where there is no journal. */
function readText(path: string): string | undefined {
  const read = readInputText(path, { limit: LIMITS.state.journal, own: true });
  if (!('refusal' in read)) return read.text;
  if (read.refusal.kind === 'absent') return undefined;
  throw new BrokenJournal(`${path} ${read.refusal.what}`);
}

/** Bytes up to the end of the last whole line. */
function lengthOfWholeLines(fd: number): number {
  const chunk = Buffer.alloc(4096);
  for (let end = fstatSync(fd).size; end > 0;) {
    const start = Math.max(0, end - chunk.length);
    const at = chunk.subarray(0, readSync(fd, chunk, 0, end - start, start)).lastIndexOf(0x0a);
    if (at !== -1) return start + at + 1;
    end = start;
  }
  return 0;
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
