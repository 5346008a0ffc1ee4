import {
  type Diagnostic,
  type Manifest,
  type Path,
  type Plugin,
  pluginId,
  type PluginOptions,
  type PluginSet,
} from '../../model/index.ts';
import { pluginOptions } from './diagnostics.ts';

/** The options of a plugin with its defaults filled in, and what does not fit, at its place in the manifest. */
export function optionsOf(
  plugin: Plugin,
  written: unknown,
  path: Path,
  manifest: Manifest,
  plugins: PluginSet,
): { readonly options: PluginOptions; readonly diagnostics: readonly Diagnostic[] } {
  const checked = plugins.checkOptions(plugin, written ?? {});
  if ('options' in checked) return { options: checked.options, diagnostics: [] };
  const diagnostics = checked.problems.map(({ path: inside, message }) => {
    const detail = `${pluginId(plugin)}: ${message}`;
    return pluginOptions({ detail, at: manifest.at([...path, ...inside]) });
  });
  return { options: {}, diagnostics };
}
