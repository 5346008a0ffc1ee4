import type { Journal, JournalMark } from '../runtime/executor/journal.ts';

/** A journal that forgets with the test. */
export class MemoryJournal implements Journal {
  readonly entries: { mark: JournalMark; step: string }[] = [];

  record(mark: JournalMark, step: string): void {
    this.entries.push({ mark, step });
  }

  /** What a way back has to know: which steps began, and which of them are undone. */
  state() {
    const of = (...marks: JournalMark[]) =>
      new Set(this.entries.filter((entry) => marks.includes(entry.mark)).map((entry) => entry.step));
    return { ran: of('begun', 'done'), undone: of('undone') };
  }
}
