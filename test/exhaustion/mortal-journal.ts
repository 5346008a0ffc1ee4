import {
  type Journal,
  type JournalMark,
  journalLine,
  type JournalState,
  parseJournal,
  wholeLines,
} from '../../src/runtime/executor/journal.ts';
import { Killed } from '../../src/runtime/kernel/fault.ts';

/** Where a process dies at an entry of its journal. */
export interface Death {
  /** The entry, counted from 1 over all that the process makes. */
  readonly at: number;
  /** How many bytes of the entry are still written; all of it is never among them: that is a death before the next event. */
  readonly written: 'nothing' | 'half';
}

/** The text of a journal, kept by the host as it keeps a file: what one process wrote, the next one reads. */
export class JournalText {
  text = '';

  get state(): JournalState {
    return parseJournal(this.text);
  }

  /** Opens it for a process, which may die at one of its entries. */
  open(death?: Death): ProcessJournal {
    this.text = wholeLines(this.text);
    return new ProcessJournal(this, death);
  }
}

/** A journal as one process writes it. */
export class ProcessJournal implements Journal {
  #entries = 0;

  constructor(
    private readonly file: JournalText,
    private readonly death: Death | undefined,
  ) {}

  /** How many entries the process made. */
  get entries(): number {
    return this.#entries;
  }

  record(mark: JournalMark, step: string): void {
    this.#entries += 1;
    const line = journalLine(mark, step);
    if (this.#entries !== this.death?.at) {
      this.file.text += line;
      return;
    }
    if (this.death.written === 'half') this.file.text += line.slice(0, line.length / 2);
    throw new Killed(this.#entries, `record ${mark}`);
  }
}
