import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { FoundPlugin, PluginOrigin } from './found-plugin.ts';
import { importPlugin } from './import-plugin.ts';
import { isObject } from './metadata.ts';

/** A package on disk that may be a plugin. Links are followed first: what is trusted is what lies at their end. */
export function packageIn(folder: string, origin: PluginOrigin): FoundPlugin {
  const real = realpathSync(folder);
  return {
    origin,
    folder: real,
    packageJson: () => JSON.parse(readFileSync(join(real, 'package.json'), 'utf8')) as unknown,
    load: (packageJson) => importPlugin(entryOf(real, packageJson)),
  };
}

/** The module that a package is entered by: "exports", else "main", else index.js. Throws where it is not in the package. */
function entryOf(folder: string, { exports, main }: Readonly<Record<string, unknown>>): string {
  const entry = exported(exports) ?? (typeof main === 'string' ? main : 'index.js');
  const file = join(folder, entry);
  if (relative(folder, file).startsWith('..')) throw new Error(`"${entry}" is not in the package`);
  if (!existsSync(file)) throw new Error(`"${entry}", which package.json names, is not there`);
  return file;
}

/** What `exports` gives to an import of the package itself; undefined where it gives nothing. */
function exported(exports: unknown): string | undefined {
  if (typeof exports === 'string') return exports;
  if (!isObject(exports)) return undefined;
  return exported(exports['.'] ?? exports['node'] ?? exports['import'] ?? exports['default']);
}
