import type { Readable } from 'node:stream';
import { BoundedFile } from './bounded-file.ts';
import type { Clock } from './clock.ts';
import { Lines } from './lines.ts';

/** The most that the log of a project takes, in two parts of this size. */
export const LOG_LIMIT_BYTES = 4 * 1024 * 1024;
/** Who speaks where no process does: no VM is called so. */
const OURSELVES = '-';

/** A line of a project's log. */
export interface LogLine {
  /** ISO 8601; null for what was written before the log was there. */
  readonly time: string | null;
  /** The VM whose process said it; null for vfio-compose itself. */
  readonly vm: string | null;
  readonly text: string;
}

/** What a project's supervisor and its processes say: a line each, `TIME VM TEXT`. */
export class ProjectLog {
  private readonly file: BoundedFile;

  constructor(
    path: string,
    private readonly clock: Pick<Clock, 'now'>,
    limit = LOG_LIMIT_BYTES,
  ) {
    this.file = new BoundedFile(path, limit);
  }

  say(vm: string | null, text: string): void {
    this.keep(vm, text.split('\n'));
  }

  /** Takes what a process writes, as fast as it can be kept and no faster. */
  take(vm: string, source: Readable): void {
    // What came at once is written at once: a process may write a million lines a second.
    let found: string[] = [];
    const lines = new Lines((line) => found.push(line));
    const flush = (): void => {
      if (found.length > 0) this.keep(vm, found);
      found = [];
    };
    const end = (): void => {
      lines.end();
      flush();
    };
    source.on('data', (chunk: Buffer) => {
      lines.push(chunk);
      flush();
    });
    source.on('end', end);
    // A process that is killed takes its end of the pipe with it.
    source.on('error', end);
  }

  private keep(vm: string | null, lines: readonly string[]): void {
    const head = `${this.clock.now().toISOString()} ${vm ?? OURSELVES}`;
    this.file.append(...lines.map((line) => `${head} ${line}`));
  }
}

const LINE = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (\S+) (.*)$/s;

/** Reads a line back. What is not of our form was written by Node itself as the supervisor failed. */
export function parseLogLine(line: string): LogLine {
  const [, time, who, text] = LINE.exec(line) ?? [];
  if (time === undefined || who === undefined || text === undefined) return { time: null, vm: null, text: line };
  return { time, vm: who === OURSELVES ? null : who, text };
}
