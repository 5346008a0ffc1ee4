import { type Journal, type JournalMark, type JournalState, journalState } from '../runtime/executor/journal.ts';

/** A journal that forgets with the test. */
export class MemoryJournal implements Journal {
  readonly entries: { mark: JournalMark; step: string }[] = [];

  record(mark: JournalMark, step: string): void {
    this.entries.push({ mark, step });
  }

  /** What a way back has to know. */
  state(): Omit<JournalState, 'damaged'> {
    return journalState(this.entries);
  }
}
