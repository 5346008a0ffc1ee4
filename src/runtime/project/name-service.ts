import { readFileSync } from 'node:fs';
import type { NameService } from '../../model/index.ts';

/** Looks a name up in a file of colon-separated lines, name first, number third (passwd(5), group(5)). */
function lookUp(file: string, name: string): number | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  for (const line of text.split('\n')) {
    const [found, , id] = line.split(':');
    if (found === name && id !== undefined && /^\d+$/.test(id)) return Number(id);
  }
  return undefined;
}

/** The accounts of this machine's own files. Accounts that only a directory service knows are to be written as numbers. */
export const localNames: NameService = {
  user: (name) => lookUp('/etc/passwd', name),
  group: (name) => lookUp('/etc/group', name),
};
