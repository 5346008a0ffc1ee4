import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';

/** What a file has to be for it to be read. */
export interface InputRules {
  /** Bytes that are read at most. */
  readonly limit: number;
  /** A pipe will do too: it is how a shell hands over what another program writes. Reading it waits for its writer. */
  readonly pipe?: boolean;
  /**
   * It is this user's own or root's, nobody else may write it, and its name is no symbolic link: what stands in it is carried out.
   */
  readonly own?: boolean;
}

/** Why a file is not read: the rest of a sentence that begins with its name. */
export interface InputRefusal {
  readonly kind: 'absent' | 'unreadable' | 'wrong-kind' | 'too-large' | 'not-own' | 'not-text';
  readonly what: string;
}

export type InputData = { readonly data: Buffer } | { readonly refusal: InputRefusal };
export type InputText = { readonly text: string } | { readonly refusal: InputRefusal };

/**
 * Reads a file that somebody else may have made, and never more of it than allowed. Its kind and its size are looked at before
 * anything is read, and again once it is open, since another process may have put something else in its place. Throws
 * nothing.
 */
export function readInput(path: string, rules: InputRules): InputData {
  let fd: number | undefined;
  try {
    // Asked before it is opened: opening a pipe waits for its writer, and opening a device can do things.
    const before = rules.own ? lstatSync(path) : statSync(path);
    const refusal = refusalOf(before, rules);
    if (refusal) return { refusal };
    fd = openSync(path, flagsFor(before, rules));
    const stat = fstatSync(fd);
    const changed = refusalOf(stat, rules);
    if (changed) return { refusal: changed };
    const data = readAtMost(fd, rules.limit, stat.size);
    return data ? { data } : { refusal: tooLarge(rules.limit) };
  } catch (error) {
    return { refusal: refusalOfError(error) };
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** The same for a text in UTF-8, without exceptions: a byte that was replaced could be part of a device's name. */
export function readInputText(path: string, rules: InputRules): InputText {
  const read = readInput(path, rules);
  return 'refusal' in read ? read : asText(read.data, rules.limit);
}

/** Data of which at most `limit` bytes are taken, as a text. */
export function asText(data: Buffer, limit: number): InputText {
  if (data.length > limit) return { refusal: tooLarge(limit) };
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data) };
  } catch {
    return { refusal: { kind: 'not-text', what: 'is not UTF-8 text' } };
  }
}

/** Files of procfs such as /proc/kmsg say that they are regular, and then wait: O_NONBLOCK makes that an error. */
function flagsFor(stat: Stats, { own }: InputRules): number {
  const { O_RDONLY, O_NOCTTY, O_NONBLOCK, O_NOFOLLOW } = constants;
  return O_RDONLY | O_NOCTTY | (stat.isFIFO() ? 0 : O_NONBLOCK) | (own ? O_NOFOLLOW : 0);
}

function refusalOf(stat: Stats, { limit, pipe = false, own = false }: InputRules): InputRefusal | undefined {
  if (stat.isDirectory()) return { kind: 'wrong-kind', what: 'is a directory' };
  if (stat.isSymbolicLink()) return { kind: 'not-own', what: 'is a symbolic link' };
  if (!stat.isFile() && !(pipe && stat.isFIFO())) {
    return { kind: 'wrong-kind', what: pipe ? 'is neither a regular file nor a pipe' : 'is not a regular file' };
  }
  if (stat.size > limit) return tooLarge(limit);
  return own ? notOwn(stat) : undefined;
}

function notOwn({ uid, mode }: Stats): InputRefusal | undefined {
  const user = process.getuid?.() ?? uid;
  // Root's own is as good: who only plans need not be root.
  if (uid !== user && uid !== 0) return { kind: 'not-own', what: `belongs to uid ${uid} and not to uid ${user}` };
  if ((mode & 0o022) === 0) return undefined;
  return { kind: 'not-own', what: `may be written by others (mode 0${(mode & 0o777).toString(8)})` };
}

const tooLarge = (limit: number): InputRefusal => ({
  kind: 'too-large',
  what: `has more than ${limit} bytes, the most that are read`,
});

const REASONS: Readonly<Record<string, InputRefusal>> = {
  ENOENT: { kind: 'absent', what: 'does not exist' },
  ENOTDIR: { kind: 'absent', what: 'does not exist' },
  EACCES: { kind: 'unreadable', what: 'may not be read by this user' },
  EPERM: { kind: 'unreadable', what: 'may not be read by this user' },
  ELOOP: { kind: 'unreadable', what: 'is a symbolic link that leads to itself' },
  EAGAIN: { kind: 'wrong-kind', what: 'is not a file that has an end' },
};

function refusalOfError(error: unknown): InputRefusal {
  const { code = 'unknown error' } = error as NodeJS.ErrnoException;
  return Object.hasOwn(REASONS, code)
    ? (REASONS[code] as InputRefusal)
    : { kind: 'unreadable', what: `cannot be read (${code})` };
}

const CHUNK = 64 * 1024;

/** @param size what the file says of itself: nothing for a pipe, and not the truth for files of the kernel. */
function readAtMost(fd: number, limit: number, size: number): Buffer | undefined {
  const chunks: Buffer[] = [];
  let length = 0;
  for (let room = Math.max(size + 1, CHUNK); ; room = CHUNK) {
    const chunk = Buffer.allocUnsafe(room);
    const count = readSync(fd, chunk);
    if (count === 0) return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
    length += count;
    if (length > limit) return undefined;
    chunks.push(chunk.subarray(0, count));
  }
}
