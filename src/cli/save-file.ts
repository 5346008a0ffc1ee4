import { resolve } from 'node:path';
import { writeFileAtomically } from '../runtime/write-atomically.ts';

/** Writes a result to a file the user named, whole or not at all. Returns what went wrong as a sentence. */
export function saveFile(file: string, cwd: string, text: string): string | undefined {
  try {
    writeFileAtomically(resolve(cwd, file), text);
    return undefined;
  } catch (error) {
    return `${file} cannot be written: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}.`;
  }
}
