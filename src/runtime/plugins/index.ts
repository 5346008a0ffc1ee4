/** Finding, loading and checking plugins, and calling their hooks. */
export { type LoadedPlugin, type NamedPlugin, type PluginOrigin, type UnusablePlugin } from './found-plugin.ts';
export { builtinPlugins, loadPlugins, type LoadedPlugins, survey, type PluginRequest } from './load-plugins.ts';
export { simulatedBy, simulationsBy } from './simulate.ts';
export { givesOptions, namedPlugins } from './named-plugins.ts';
