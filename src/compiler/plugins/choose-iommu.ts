import {
  type Diagnostic,
  didYouMean,
  type HostIndex,
  type IommuModel,
  type IommuPlugin,
  type Manifest,
  type Path,
  pluginId,
  type PluginSet,
  type ResolvedIommu,
  type VfioBackend,
  type VmManifest,
} from '../../model/index.ts';
import { pluginAmbiguous, pluginFailed, pluginNotFound } from './diagnostics.ts';
import { type Guarded, guarded } from './guarded.ts';
import { optionsOf } from './options.ts';

/** Which plugin and model a VM gets, and what is wrong with what the manifest says of it. */
export interface ChosenIommu {
  readonly iommu: ResolvedIommu;
  readonly diagnostics: readonly Diagnostic[];
}

/** Stands where no plugin does, so that what else is wrong with the manifest can be found: with it goes an error. */
const NOBODY: IommuPlugin = {
  kind: 'iommu',
  api: 1,
  name: 'none',
  version: '0.0.0',
  summary: 'no plugin',
  models: [],
  isolates: true,
  claims: () => 'none',
};

interface Candidate {
  readonly plugin: IommuPlugin;
  readonly model: IommuModel;
  readonly claim: 'exact' | 'generic' | 'none';
}

/**
 * The IOMMU plugin of a VM: of those that have the model that the manifest names, and the one that it may name, the one that
 * knows the host's IOMMU most closely. Without a model, the plugin that claims the host; one that claims nothing, as the
 * mode without isolation, is never taken then (R-GROUP-3).
 */
export function chooseIommu(
  vm: VmManifest,
  path: Path,
  manifest: Manifest,
  host: HostIndex,
  plugins: PluginSet,
): ChosenIommu {
  const written = typeof vm.iommu === 'string' ? { type: vm.iommu } : (vm.iommu ?? {});
  const { type, plugin: name, unsafeInterrupts = false } = written;
  const here = [...path, 'iommu'];
  const at = manifest.at(here);
  const common = { unsafeInterrupts, at };
  const failed = (...diagnostics: Diagnostic[]): ChosenIommu => ({
    iommu: { ...common, type: type ?? 'none', extension: 0, isolates: true, plugins: [NOBODY], options: {} },
    diagnostics,
  });
  if (name !== undefined && !plugins.iommu.some((plugin) => isCalled(plugin, name))) {
    return failed(unknownPlugin(name, [...here, 'plugin'], manifest, plugins));
  }
  const eligible = plugins.iommu.filter((plugin) => name === undefined || isCalled(plugin, name));
  const models = eligible.flatMap((plugin) => plugin.models.map((model) => model.name));
  if (type !== undefined && !models.includes(type)) {
    const place = typeof vm.iommu === 'string' ? here : [...here, 'type'];
    return failed(unknownModel(type, models, manifest.at(place)));
  }
  const candidates = candidatesOf(eligible, type, host, plugins);
  if ('fault' in candidates) return failed(pluginFailed({ detail: `${candidates.fault}.`, at }));
  const best = closest(candidates.value, type !== undefined || name !== undefined);
  if (best.length > 1) {
    const detail = `${best.map(({ plugin }) => pluginId(plugin)).join(' and ')} fit equally well. Name one: "iommu: {plugin: ${best[0]?.plugin.name}}".`;
    return failed(pluginAmbiguous({ detail, at }));
  }
  const [chosen] = best;
  if (!chosen) {
    const detail = `No IOMMU plugin claims this host. Name a model with "iommu": ${[...new Set(models)].join(', ')}.`;
    return failed(pluginNotFound({ detail, at }));
  }
  return resolved(chosen);

  function resolved({ plugin, model }: Candidate): ChosenIommu {
    const chain = chainOf(plugin, plugins);
    const optioned = optionsOf(plugin, written.options, [...here, 'options'], manifest, plugins);
    const backend = backendOf(chain, host, plugins);
    if ('fault' in backend) return failed(pluginFailed({ detail: `${backend.fault}.`, at }));
    return {
      iommu: {
        ...common,
        type: model.name,
        // A model without a number that the host does not know either is refused by its plugin's laws.
        extension: model.extension ?? backend.value?.extension ?? 0,
        isolates: plugin.isolates,
        plugins: chain,
        options: optioned.options,
      },
      diagnostics: optioned.diagnostics,
    };
  }
}

/** The plugins that have the model, or with no model named any, each with how well it fits the host. */
function candidatesOf(
  eligible: readonly IommuPlugin[],
  type: string | undefined,
  host: HostIndex,
  plugins: PluginSet,
): Guarded<Candidate[]> {
  const candidates: Candidate[] = [];
  for (const plugin of eligible) {
    const model = type === undefined ? plugin.models[0] : plugin.models.find((one) => one.name === type);
    if (!model) continue;
    const claimed = guarded(plugins, plugin, 'claims', () => plugin.claims(host));
    if ('fault' in claimed) return claimed;
    candidates.push({ plugin, model, claim: claimed.value });
  }
  return { value: candidates };
}

/** What the nearest plugin that knows backends says of the host's. */
function backendOf(
  chain: readonly IommuPlugin[],
  host: HostIndex,
  plugins: PluginSet,
): Guarded<VfioBackend | undefined> {
  const plugin = chain.find((one) => one.backend);
  return plugin ? guarded(plugins, plugin, 'backend', () => plugin.backend?.(host)) : { value: undefined };
}

const isCalled = (plugin: IommuPlugin, name: string): boolean => plugin.name === name || pluginId(plugin) === name;

/** Those that fit best. One that claims nothing counts only where something of it was named. */
function closest(candidates: readonly Candidate[], named: boolean): Candidate[] {
  for (const wanted of ['exact', 'generic', ...(named ? ['none'] : [])]) {
    const found = candidates.filter(({ claim }) => claim === wanted);
    if (found.length > 0) return found;
  }
  return [];
}

/** A plugin and those that it builds on. That each is there and none builds on itself was seen when they were loaded. */
function chainOf(plugin: IommuPlugin, plugins: PluginSet): IommuPlugin[] {
  const chain = [plugin];
  for (let next = plugin.on; next !== undefined;) {
    const name: string = next;
    const base = plugins.iommu.find((one) => one.name === name);
    if (!base || chain.includes(base)) break;
    chain.push(base);
    next = base.on;
  }
  return chain;
}

function unknownPlugin(name: string, path: Path, manifest: Manifest, plugins: PluginSet): Diagnostic {
  const broken = plugins.unusable.get(name) ?? plugins.unusable.get(`iommu-${name}`);
  if (broken) return { ...broken, severity: 'error', at: manifest.at(path) };
  const near = didYouMean(
    name,
    plugins.iommu.map((plugin) => plugin.name),
  );
  const detail = `No IOMMU plugin is called "${name}". ${near || '"vfio-compose plugin list" shows those that there are.'}`;
  return pluginNotFound({ detail, at: manifest.at(path) });
}

function unknownModel(type: string, models: readonly string[], at: Diagnostic['at']): Diagnostic {
  const near = didYouMean(type, models);
  const known = `IOMMU models are ${[...new Set(models)].join(', ')}.`;
  return pluginNotFound({ detail: `No plugin has an IOMMU model "${type}". ${near || known}`, at });
}
