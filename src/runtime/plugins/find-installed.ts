import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { packageRoot } from '../package-root.ts';
import { builtinPlugins } from './builtin.ts';
import { packagesIn } from './find-named.ts';
import type { FoundPlugin } from './found-plugin.ts';
import { packageIn } from './package-folder.ts';

const PREFIX = /^(@[^/]+\/)?vfio-compose-plugin-/;

/** The plugins that come with vfio-compose. */
export function findBuiltIn(): FoundPlugin[] {
  const plugins = join(packageRoot(), 'plugins');
  return builtinPlugins().map(({ folder, packageJson, load }) => ({
    origin: { kind: 'built-in' },
    folder: join(plugins, folder),
    packageJson,
    load,
  }));
}

/** The packages called `vfio-compose-plugin-*` that are installed where vfio-compose is; a checkout is not installed. */
export function findInstalled(beside = dirname(packageRoot())): FoundPlugin[] {
  if (basename(beside) !== 'node_modules' || !existsSync(beside)) return [];
  return packagesIn(beside)
    .filter((name) => PREFIX.test(name))
    .map((name) => packageIn(join(beside, name), { kind: 'installed' }));
}
