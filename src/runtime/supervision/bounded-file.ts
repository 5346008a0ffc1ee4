import { appendFileSync, existsSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** The part of a file that was full before the one that is written now. */
export const olderOf = (path: string): string => `${path}.1`;

/**
 * A file of lines that never grows beyond a size: when it is full it becomes the older part, and the part before that
 * goes. It lies in /run, which is memory.
 */
export class BoundedFile {
  private size: number;

  constructor(
    readonly path: string,
    /** Of each of the two parts, in bytes. */
    private readonly limit: number,
  ) {
    this.size = existsSync(path) ? statSync(path).size : 0;
  }

  /** Appends lines. The directory goes with the project, and then there is nothing to write to. */
  append(...lines: readonly string[]): void {
    if (!existsSync(dirname(this.path))) return;
    const text = lines.map((line) => `${line}\n`).join('');
    const length = Buffer.byteLength(text);
    if (this.size + length > this.limit && this.size > 0) {
      if (existsSync(this.path)) renameSync(this.path, olderOf(this.path));
      this.size = 0;
    }
    appendFileSync(this.path, text, { mode: 0o600 });
    this.size += length;
  }
}
