import type { PluginSet } from '../model/index.ts';
import { builtinPlugins } from '../runtime/plugins/index.ts';

/** The plugins of this checkout. */
export const testPlugins: PluginSet = await builtinPlugins();
