import { extname } from 'node:path';
import { realpathSync } from 'node:fs';
import { LIMITS } from '../../model/index.ts';
import { asText, type InputText, readInputText } from '../read-input.ts';

/** What came of reading a file: its text, or why there is none, as the rest of a sentence. */
export type ReadText = { readonly text: string } | { readonly problem: string };

/** Reads a file that the command line names: never more than a manifest may have, and a pipe if it is one. */
export function readText(path: string): ReadText {
  return orProblem(readInputText(path, { limit: LIMITS.manifest.text, pipe: true }));
}

/** Takes what stdin had, read by whoever has it: at least one byte more than allowed, where there were more. */
export const readStdinText = async (read: (limit: number) => Promise<Buffer>): Promise<ReadText> =>
  orProblem(asText(await read(LIMITS.manifest.text), LIMITS.manifest.text));

const orProblem = (read: InputText): ReadText => ('refusal' in read ? { problem: read.refusal.what } : read);

/** What an included file may be called. */
const INCLUDED: ReadonlySet<string> = new Set(['.yaml', '.yml']);

/**
 * Reads a file that a manifest includes. Its author is not who runs this, and what cannot be parsed is shown in a message: so
 * the file has to be called a YAML file, at the end of all links too, and /etc/shadow is not read.
 */
export function readIncluded(path: string): ReadText {
  const real = realPathOf(path);
  if (![path, real].every((name) => INCLUDED.has(extname(name)))) {
    return {
      problem: real === path ? 'is not called .yaml or .yml' : `leads to ${real}, which is not called .yaml or .yml`,
    };
  }
  return orProblem(readInputText(real, { limit: LIMITS.manifest.text }));
}

/** What is not there stands for itself: reading it tells why. */
function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
