import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { LIMITS } from '../../compiler/source/index.ts';

/** What came of reading a file: its text, or why there is none, as the rest of a sentence. */
export type ReadText = { readonly text: string } | { readonly problem: string };

const PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EACCES: 'may not be read by this user',
  EPERM: 'may not be read by this user',
  EISDIR: 'is a directory',
  ELOOP: 'is a symbolic link that leads to itself',
};

/**
 * Reads a UTF-8 text and never more than a manifest may have, so that `/dev/zero` is a mistake and not a disaster. With
 * `regular`, only a regular file will do: what a manifest includes must not wait for somebody to write into a pipe.
 */
export function readText(path: string, { regular }: { readonly regular: boolean }): ReadText {
  let fd: number | undefined;
  try {
    // Asked before it is opened: opening a pipe waits for its writer.
    const stat = statSync(path);
    if (stat.isDirectory()) return { problem: PROBLEMS['EISDIR'] ?? '' };
    if (regular && !stat.isFile()) return { problem: 'is not a regular file' };
    fd = openSync(path, 'r');
    const data = readBounded(fd);
    return data ? decodeText(data) : { problem: `is longer than ${LIMITS.text} bytes` };
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    return { problem: PROBLEMS[code] ?? `cannot be read (${code})` };
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function readBounded(fd: number): Buffer | undefined {
  const chunks: Buffer[] = [];
  let length = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(64 * 1024);
    const count = readSync(fd, chunk);
    if (count === 0) return Buffer.concat(chunks);
    length += count;
    if (length > LIMITS.text) return undefined;
    chunks.push(chunk.subarray(0, count));
  }
}

/** UTF-8 without exceptions: a byte that was replaced could be part of a device's name. */
function decodeText(data: Buffer): ReadText {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data) };
  } catch {
    return { problem: 'is not UTF-8 text' };
  }
}
