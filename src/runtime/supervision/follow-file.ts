import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { olderOf } from './bounded-file.ts';
import type { Clock } from './clock.ts';
import { Lines } from './lines.ts';

const POLL_MS = 200;

export interface Followed {
  readonly path: string;
  readonly clock: Clock;
  /** Goes on until the file is gone, or the signal comes; else ends with what is there now. */
  readonly follow: boolean;
  readonly until?: AbortSignal | undefined;
  line(text: string): void;
}

/**
 * Reads a bounded file to its end, its older part first, and on from there as it grows. A part that is renamed or removed
 * is read to its end: what a project said last is what one wants to know.
 */
export async function followFile({ path, clock, follow, until, line }: Followed): Promise<void> {
  for (const part of [olderOf(path), path]) {
    const isLast = part === path;
    const opened = openPart(part);
    if (!opened) continue;
    let file: Part = opened;
    try {
      for (;;) {
        file.read(line);
        if (!isLast || !follow || until?.aborted) break;
        const now = inodeOf(path);
        if (now === file.inode) {
          await clock.sleep(POLL_MS, until);
          continue;
        }
        file.read(line);
        const next = now === undefined ? undefined : openPart(path);
        if (!next) break;
        file.close(line);
        file = next;
      }
    } finally {
      file.close(line);
    }
  }
}

function inodeOf(path: string): number | undefined {
  try {
    return statSync(path).ino;
  } catch {
    return undefined;
  }
}

/** An open part and how far it has been read. */
interface Part {
  readonly inode: number;
  read(line: (text: string) => void): void;
  close(line: (text: string) => void): void;
}

function openPart(path: string): Part | undefined {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return undefined;
  }
  const found: string[] = [];
  const lines = new Lines((text) => found.push(text));
  const buffer = Buffer.alloc(64 * 1024);
  let closed = false;
  const flush = (line: (text: string) => void): void => {
    for (const text of found.splice(0)) line(text);
  };
  return {
    inode: fstatSync(fd).ino,
    read: (line) => {
      for (let length = readSync(fd, buffer); length > 0; length = readSync(fd, buffer)) {
        lines.push(buffer.subarray(0, length));
        flush(line);
      }
    },
    close: (line) => {
      if (closed) return;
      closed = true;
      lines.end();
      flush(line);
      closeSync(fd);
    },
  };
}
