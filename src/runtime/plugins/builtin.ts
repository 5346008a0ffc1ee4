import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../package-root.ts';
import { importPlugin } from './import-plugin.ts';

/** A plugin that comes with vfio-compose. */
export interface BuiltinPlugin {
  /** Name of its folder below plugins/. */
  readonly folder: string;
  packageJson(): unknown;
  load(): Promise<unknown>;
}

/**
 * The plugins of this checkout. A build puts a module in the place of this one that has them packed
 * (scripts/pack-plugins.ts), so that neither a folder is read nor anything found out when the command starts.
 */
export function builtinPlugins(): readonly BuiltinPlugin[] {
  const plugins = join(packageRoot(), 'plugins');
  if (!existsSync(plugins)) return [];
  return readdirSync(plugins)
    .sort()
    .filter((folder) => existsSync(join(plugins, folder, 'package.json')))
    .map((folder) => ({
      folder,
      packageJson: () => JSON.parse(readFileSync(join(plugins, folder, 'package.json'), 'utf8')) as unknown,
      load: () => importPlugin(join(plugins, folder, 'index.ts')),
    }));
}
