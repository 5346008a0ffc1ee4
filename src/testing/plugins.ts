import type { PluginSet } from '../model/index.ts';
import { builtinPlugins } from '../runtime/plugins/index.ts';

/** The plugins of this checkout. */
export const testPlugins: PluginSet = await builtinPlugins();

/**
 * The same, their hooks called without a limit of time. Each limit costs a thread, which is too much where a test simulates
 * thousands of hosts.
 */
export const unboundedPlugins: PluginSet = { ...testPlugins, call: (_plugin, _hook, run) => run() };
