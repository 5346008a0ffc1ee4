import { readFileSync } from 'node:fs';
import type { NameService } from '../../model/index.ts';

/** The lines of a file of colon-separated fields (passwd(5), group(5)); none where it cannot be read. */
function linesOf(file: string): string[][] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .map((line) => line.split(':'));
  } catch {
    return [];
  }
}

const numberOf = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;

/** Looks a name up: name first, number third. */
function lookUp(file: string, name: string): number | undefined {
  for (const [found, , id] of linesOf(file)) {
    if (found === name && numberOf(id) !== undefined) return numberOf(id);
  }
  return undefined;
}

function primaryGroup(uid: number): number | undefined {
  for (const [, , id, gid] of linesOf('/etc/passwd')) if (numberOf(id) === uid) return numberOf(gid);
  return undefined;
}

/** The accounts of this machine's own files. Accounts that only a directory service knows are to be written as numbers. */
export const localNames: NameService = {
  user: (name) => lookUp('/etc/passwd', name),
  group: (name) => lookUp('/etc/group', name),
  primaryGroup,
};
