import { statSync, writeFileSync } from 'node:fs';
import type { HostInventory } from '../../model/index.ts';
import { writeFileAtomically } from '../write-atomically.ts';
import { snapshotText } from './snapshot-text.ts';

/**
 * Writes a snapshot file, whole or not at all. A snapshot is made to be handed around and holds nothing that every user
 * of the host could not read, so it is readable for all; with identifiers it is for its owner alone. What is no regular
 * file (a pipe, /dev/stdout) is written as it is. Returns what went wrong as a sentence.
 */
export function writeSnapshot(
  path: string,
  inventory: HostInventory,
  options: { readonly identifiers: boolean },
): string | undefined {
  const text = snapshotText(inventory, options);
  try {
    const present = statSync(path, { throwIfNoEntry: false });
    if (present && !present.isFile() && !present.isDirectory()) {
      writeFileSync(path, text);
      return undefined;
    }
    writeFileAtomically(path, text, options.identifiers ? 0o600 : 0o644);
    return undefined;
  } catch (error) {
    return `${path} cannot be written: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}.`;
  }
}
