import { lstatSync, readdirSync, type Stats, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packageRoot } from '../package-root.ts';
import { pluginUnsafe } from './diagnostics.ts';
import type { Fault, FoundPlugin } from './found-plugin.ts';

/** Files of a plugin that are looked at. Nobody writes so many; a folder that has them is not one to load code from. */
const MOST_FILES = 10_000;

const GROUP_OR_OTHERS = 0o022;
const STICKY = 0o1000;

/**
 * Whether somebody who could not act as root anyway can change what root is about to run. Looks at every file and folder of
 * the plugin and at the folders above it. What comes with vfio-compose is as trustworthy as itself.
 */
export function distrust(found: FoundPlugin): Fault | undefined {
  const { origin, folder } = found;
  if (origin.kind === 'built-in') return undefined;
  const owner = ownerOf(origin.kind === 'manifest' ? origin.named.writtenIn : packageRoot());
  const trusted = new Set([0, ...(owner === undefined ? [] : [owner])]);
  const why = dangerAbove(folder, trusted) ?? dangerIn(folder, trusted);
  return why === undefined ? undefined : { kind: pluginUnsafe, detail: `${why} This runs as root, and so would it.` };
}

/** Undefined where there is no file: a manifest from stdin. */
function ownerOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.uid;
}

function dangerAbove(folder: string, trusted: ReadonlySet<number>): string | undefined {
  for (let path = dirname(folder); ; path = dirname(path)) {
    const stat = lstatSync(path);
    // In a folder like /tmp, only the owner of an entry can put another in its place.
    const why = danger(path, stat, trusted, (stat.mode & STICKY) !== 0);
    if (why !== undefined || path === dirname(path)) return why;
  }
}

function dangerIn(folder: string, trusted: ReadonlySet<number>): string | undefined {
  const open = [folder];
  for (let seen = 0; ; seen++) {
    const path = open.pop();
    if (path === undefined) return undefined;
    if (seen >= MOST_FILES) return `${folder} has more than ${MOST_FILES} files, too many to look at.`;
    const stat = lstatSync(path);
    const why = stat.isSymbolicLink()
      ? `${path} is a symbolic link, and a plugin for root has to lie in one folder.`
      : danger(path, stat, trusted, false);
    if (why !== undefined) return why;
    if (stat.isDirectory()) open.push(...readdirSync(path).map((name) => join(path, name)));
  }
}

function danger(path: string, { mode, uid }: Stats, trusted: ReadonlySet<number>, sticky: boolean): string | undefined {
  if (!trusted.has(uid)) return `${path} belongs to uid ${uid}, who is neither root nor the owner of the manifest.`;
  if ((mode & GROUP_OR_OTHERS) === 0 || sticky) return undefined;
  return `${path} may be written by ${(mode & 0o002) !== 0 ? 'everybody' : 'its Unix group'} (mode 0${(mode & 0o7777).toString(8)}).`;
}
