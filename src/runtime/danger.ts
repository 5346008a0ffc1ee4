import { lstatSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';

const GROUP_OR_OTHERS = 0o022;
const STICKY = 0o1000;

/**
 * Why somebody who is not trusted could put something else in the place of a folder: a sentence about the folders above it;
 * undefined where nobody could. The path must be real: without links.
 *
 * @param trusted the uids that may own them.
 */
export function dangerAbove(folder: string, trusted: ReadonlySet<number>): string | undefined {
  for (let path = dirname(folder); ; path = dirname(path)) {
    const stat = lstatSync(path);
    // In a folder like /tmp, only the owner of an entry can put another in its place.
    const why = danger(path, stat, trusted, (stat.mode & STICKY) !== 0);
    if (why !== undefined || path === dirname(path)) return why;
  }
}

/** Why somebody who is not trusted could change this file or folder: a sentence; undefined where nobody could. */
export function danger(
  path: string,
  { mode, uid }: Stats,
  trusted: ReadonlySet<number>,
  sticky: boolean,
): string | undefined {
  if (!trusted.has(uid)) return `${path} belongs to uid ${uid} and not to uid ${[...trusted].join(' or ')}.`;
  if ((mode & GROUP_OR_OTHERS) === 0 || sticky) return undefined;
  return `${path} may be written by ${(mode & 0o002) !== 0 ? 'everybody' : 'its Unix group'} (mode 0${(mode & 0o7777).toString(8)}).`;
}
