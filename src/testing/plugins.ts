import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  type IommuPlugin,
  type Plugin,
  PluginFault,
  pluginId,
  type PluginSet,
  type ResetPlugin,
} from '../model/index.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'plugins');

/** A set of these plugins, whose options are taken as they are and whose hooks are called as they are. */
export const pluginSet = (plugins: readonly Plugin[]): PluginSet => ({
  reset: plugins.filter((plugin): plugin is ResetPlugin => plugin.kind === 'reset'),
  iommu: plugins.filter((plugin): plugin is IommuPlugin => plugin.kind === 'iommu'),
  unusable: new Map(),
  call(plugin, hook, run) {
    try {
      return run();
    } catch (error) {
      throw new PluginFault(`${pluginId(plugin)}@${plugin.version}`, hook, (error as Error).message);
    }
  },
  checkOptions: (_plugin, options) => ({ options: options as Record<string, unknown> }),
});

/** The plugins of this checkout. */
export const testPlugins: PluginSet = pluginSet(
  await Promise.all(
    readdirSync(FOLDER)
      .sort()
      .filter((name) => existsSync(join(FOLDER, name, 'index.ts')))
      .map(async (name) => ((await import(join(FOLDER, name, 'index.ts'))) as { default: Plugin }).default),
  ),
);
