import { lstatSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { danger, dangerAbove } from '../danger.ts';
import { packageRoot } from '../package-root.ts';
import { pluginUnsafe } from './diagnostics.ts';
import type { Fault, FoundPlugin } from './found-plugin.ts';

/** Files of a plugin that are looked at. Nobody writes so many; a folder that has them is not one to load code from. */
const MOST_FILES = 10_000;

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
