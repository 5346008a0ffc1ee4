import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { didYouMean } from '../../model/index.ts';
import { pluginMissing } from './diagnostics.ts';
import type { Fault, FoundPlugin, NamedPlugin } from './found-plugin.ts';
import { packageIn } from './package-folder.ts';

const PACKAGE_NAME = /^(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/;

/** What is written as a way to a folder and not as the name of a package. */
const isPath = (name: string): boolean => /^(\.{0,2}\/|\.{1,2}$)/.test(name);

/** Looks for a plugin that a manifest lists. Nothing but the entry and the place of its file takes part. */
export function findNamed(named: NamedPlugin): FoundPlugin | Fault {
  const { name, writtenIn } = named;
  const from = dirname(writtenIn);
  if (isPath(name)) {
    const folder = resolve(from, name);
    if (isPackage(folder)) return packageIn(folder, { kind: 'manifest', named });
    return notFound(`${aboutFolder(name, folder)} ${suggestion(basename(folder), [dirname(folder)])}`);
  }
  if (!PACKAGE_NAME.test(name)) {
    return notFound(`"${name}" is neither the name of a package nor a folder: a folder begins with "./" or "/".`);
  }
  const homes = nodeModulesFrom(from);
  const home = homes.find((each) => isPackage(join(each, name)));
  if (home !== undefined) return packageIn(join(home, name), { kind: 'manifest', named });
  const beside = isPackage(join(from, name)) ? `For the folder beside the manifest, write "./${name}".` : '';
  const detail = `There is no package "${name}" in a node_modules folder beside ${writtenIn} or above it.`;
  return notFound(`${detail} ${beside || suggestion(name, homes)}`);
}

const isPackage = (folder: string): boolean => existsSync(join(folder, 'package.json'));

const aboutFolder = (name: string, folder: string): string =>
  existsSync(folder)
    ? `"${name}" is ${folder}, which has no package.json: it is no plugin.`
    : `"${name}" is ${folder}, which does not exist.`;

const notFound = (detail: string): Fault => ({ kind: pluginMissing, detail: detail.trim() });

/** The folders in which Node would look for a package, nearest first. */
function nodeModulesFrom(start: string): string[] {
  const found: string[] = [];
  for (let folder = start; ; folder = dirname(folder)) {
    if (basename(folder) !== 'node_modules') found.push(join(folder, 'node_modules'));
    if (folder === dirname(folder)) return found;
  }
}

/** Packages of these folders with a name that is near. */
const suggestion = (name: string, folders: readonly string[]): string =>
  didYouMean(
    name,
    folders.flatMap((folder) => packagesIn(folder)),
  );

/** The packages in a folder by their names, those of scopes included. None where it cannot be read. */
export function packagesIn(folder: string): string[] {
  const names = entriesOf(folder).flatMap((name) =>
    name.startsWith('@') ? entriesOf(join(folder, name)).map((inner) => `${name}/${inner}`) : [name],
  );
  return names.filter((name) => isPackage(join(folder, name)));
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
