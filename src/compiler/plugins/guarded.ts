import { invariant, type Plugin, PluginFault, type PluginSet } from '../../model/index.ts';

/** What a hook gave, or how it failed, in words. */
export type Guarded<T> = { readonly value: T } | { readonly fault: string };

/** Calls a hook within its time; what it throws is said to be the plugin's. */
export function guarded<T>(plugins: PluginSet, plugin: Plugin, hook: string, run: () => T): Guarded<T> {
  try {
    return { value: plugins.call(plugin, hook, run) };
  } catch (error) {
    invariant(error instanceof PluginFault, `a call of ${hook} threw what is no plugin's fault: ${String(error)}`);
    return { fault: error.message };
  }
}
