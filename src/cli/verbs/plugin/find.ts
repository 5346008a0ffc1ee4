import { join } from 'node:path';
import { type Diagnostic, pluginId } from '../../../model/index.ts';
import { loadManifest } from '../../../runtime/config/index.ts';
import {
  type LoadedPlugin,
  type LoadedPlugins,
  type NamedPlugin,
  namedPlugins,
  survey,
} from '../../../runtime/plugins/index.ts';
import { manifestRequest } from '../../compile-invocation.ts';
import type { Invocation } from '../../verb.ts';

export interface Surveyed {
  readonly plugins: LoadedPlugins;
  readonly diagnostics: readonly Diagnostic[];
  /** Texts for the places of the diagnostics. */
  readonly sources: ReadonlyMap<string, string>;
}

/** Every plugin that there is: with a manifest, those that it lists as well. One that is not named and not right is passed over. */
export async function surveyPlugins(invocation: Invocation): Promise<Surveyed> {
  const { global } = invocation;
  const { value, paths, sources, diagnostics } = await loadManifest(manifestRequest({ ...invocation, args: [] }));
  const found = await survey({ named: value ? namedPlugins(value, paths) : [], options: false });
  const faults = global.file.length > 0 ? diagnostics : [];
  return { plugins: found.plugins, diagnostics: [...faults, ...found.diagnostics], sources };
}

/** A plugin that lies in a folder, as if a manifest in the working directory listed it. */
export async function surveyFolder(
  folder: string,
  { terminal }: Invocation,
): Promise<Surveyed & { found?: LoadedPlugin }> {
  const path = /^[./]/.test(folder) ? folder : `./${folder}`;
  const named: NamedPlugin = { name: path, writtenIn: join(terminal.cwd, 'vfio-compose.yaml') };
  const { plugins, diagnostics } = await survey({ named: [named], options: true });
  const found = plugins.loaded.find(({ origin }) => origin.kind === 'manifest');
  return { plugins, diagnostics, sources: new Map(), ...(found ? { found } : {}) };
}

/** By name, with the kind or without. Several where kinds share a name. */
export const pluginsCalled = (name: string, { loaded }: LoadedPlugins): readonly LoadedPlugin[] =>
  loaded.filter(({ plugin }) => pluginId(plugin) === name || plugin.name === name);
