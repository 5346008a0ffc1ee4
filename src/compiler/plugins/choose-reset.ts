import { compatibleOf } from '../../devicetree/compatible.ts';
import {
  type DeviceManifest,
  type Diagnostic,
  didYouMean,
  type HostDevice,
  type HostIndex,
  type Manifest,
  type Path,
  pluginId,
  type PluginSet,
  type ResetPlugin,
  type ResolvedReset,
} from '../../model/index.ts';
import { pluginAmbiguous, pluginNotFound } from './diagnostics.ts';
import { matchesOf } from './match.ts';
import { optionsOf } from './options.ts';

/** Which plugin resets a device, and what is wrong with what the manifest says of it. */
export interface ChosenReset {
  readonly resetBy: ResolvedReset | null;
  readonly diagnostics: readonly Diagnostic[];
}

/** Its node's `compatible`; empty without a node. */
export function compatibleOfDevice(device: HostDevice, host: HostIndex): readonly string[] {
  const path = device.bus === 'pci' ? null : device.treePath;
  const node = path === null ? undefined : host.tree?.byPath.get(path);
  return node ? compatibleOf(node) : [];
}

/**
 * The reset plugin of a device: the one that the manifest names, else the one that matches it most closely (R-RESET-2). A
 * device that no plugin knows has none.
 */
export function chooseReset(
  device: HostDevice,
  settings: Pick<DeviceManifest, 'reset'>,
  place: { readonly path: Path; readonly manifest: Manifest },
  host: HostIndex,
  plugins: PluginSet,
): ChosenReset {
  const path = [...place.path, 'reset'];
  const written = typeof settings.reset === 'object' ? settings.reset : {};
  const at = place.manifest.at(path);
  if (written.plugin !== undefined) {
    const named = byName(written.plugin, plugins);
    if (!named) return unknown(written.plugin, [...path, 'plugin'], place.manifest, plugins);
    return withOptions(named, 'the manifest names it');
  }
  const found = matchesOf(plugins, device, compatibleOfDevice(device, host));
  const [best, next] = found;
  if (!best) return { resetBy: null, diagnostics: [] };
  if (next?.score === best.score) {
    const equals = found.filter(({ score }) => score === best.score).map(({ plugin }) => pluginId(plugin));
    const detail = `${equals.join(' and ')} match ${device.address} equally well (${best.because}). Name one: "reset: {plugin: ${best.plugin.name}}".`;
    return { resetBy: null, diagnostics: [pluginAmbiguous({ detail, at })] };
  }
  return withOptions(best.plugin, best.because);

  function withOptions(plugin: ResetPlugin, because: string): ChosenReset {
    const checked = optionsOf(plugin, written.options, [...path, 'options'], place.manifest, plugins);
    return { resetBy: { plugin, because, options: checked.options, at }, diagnostics: checked.diagnostics };
  }
}

const byName = (name: string, { reset }: PluginSet): ResetPlugin | undefined =>
  reset.find((plugin) => plugin.name === name || pluginId(plugin) === name);

function unknown(name: string, path: Path, manifest: Manifest, plugins: PluginSet): ChosenReset {
  const broken = plugins.unusable.get(name) ?? plugins.unusable.get(`reset-${name}`);
  if (broken) return { resetBy: null, diagnostics: [{ ...broken, severity: 'error', at: manifest.at(path) }] };
  const near = didYouMean(
    name,
    plugins.reset.map((plugin) => plugin.name),
  );
  const detail = `No reset plugin is called "${name}". ${near || '"vfio-compose plugin list" shows those that there are.'}`;
  return { resetBy: null, diagnostics: [pluginNotFound({ detail, at: manifest.at(path) })] };
}
