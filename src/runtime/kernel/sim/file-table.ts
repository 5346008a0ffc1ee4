import type { Fd } from '../port.ts';
import { refuse } from './refusal.ts';
import type { OpenFile } from './state.ts';

/** Descriptors 0 to 2 are the standard streams. */
const FIRST = 3;

/** The open files of the process. A new one gets the lowest number that is free, as POSIX wants it. */
export class FileTable {
  readonly #files = new Map<Fd, OpenFile>();
  #lowest = FIRST;

  add(file: OpenFile): Fd {
    while (this.#files.has(this.#lowest)) this.#lowest += 1;
    this.#files.set(this.#lowest, file);
    return this.#lowest++;
  }

  find(fd: Fd): OpenFile | undefined {
    return this.#files.get(fd);
  }

  get(fd: Fd): OpenFile {
    return this.#files.get(fd) ?? refuse('EBADF');
  }

  remove(fd: Fd): OpenFile {
    const file = this.get(fd);
    this.#files.delete(fd);
    this.#lowest = Math.min(this.#lowest, fd);
    return file;
  }

  entries(): readonly (readonly [Fd, OpenFile])[] {
    return [...this.#files].sort(([a], [b]) => a - b);
  }
}
