import type { Plugin, PluginSet } from '../../../src/model/index.ts';
import { builtinPlugins } from '../../../src/runtime/plugins/builtin.ts';
import { HookCaller } from '../../../src/runtime/plugins/call.ts';
import { checkOptions, loadSchemaCompiler } from '../../../src/runtime/plugins/options.ts';

/**
 * The plugins of the checkout, which are packed into the guest's scenarios. Not by the loader: it also looks for what is
 * installed around the package that it is in, and the scenarios of a guest are in none.
 */
export async function guestPlugins(): Promise<PluginSet> {
  const modules = await Promise.all(builtinPlugins().map((one) => one.load()));
  const plugins = modules.map((module) => (module as { readonly default: Plugin }).default);
  const compile = await loadSchemaCompiler();
  const caller = new HookCaller();
  return {
    reset: plugins.filter((plugin) => plugin.kind === 'reset'),
    iommu: plugins.filter((plugin) => plugin.kind === 'iommu'),
    unusable: new Map(),
    call: (plugin, hook, run) => caller.call(plugin, hook, run),
    checkOptions: (plugin, options) => checkOptions(plugin, options, compile),
  };
}
