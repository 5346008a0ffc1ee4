import { type Diagnostic, hasErrors, type PluginSet, pluginId, type Result } from '../../model/index.ts';
import { HookCaller } from './call.ts';
import { checkContract } from './contract.ts';
import { pluginContract, pluginNotLoadable, pluginTwice } from './diagnostics.ts';
import {
  type Fault,
  findingAbout,
  type FoundPlugin,
  guessedId,
  type LoadedPlugin,
  type NamedPlugin,
  type UnusablePlugin,
} from './found-plugin.ts';
import { findBuiltIn, findInstalled } from './find-installed.ts';
import { findNamed } from './find-named.ts';
import { readMetadata } from './metadata.ts';
import { checkOptions, loadSchemaCompiler } from './options.ts';
import { distrust } from './trust.ts';

export interface PluginRequest {
  /** What a manifest lists, or the record of a running project. */
  readonly named: readonly NamedPlugin[];
  /** Whether any options will be checked. */
  readonly options: boolean;
  /** Whether plugins run as root, and so may come from nobody else; left out, whether this process does. */
  readonly asRoot?: boolean;
}

/** The plugins that a run may use, with what lists of them need. */
export interface LoadedPlugins extends PluginSet {
  readonly loaded: readonly LoadedPlugin[];
  readonly left: readonly UnusablePlugin[];
  /**
   * Runs something that calls many hooks, such as the compiler, with one watchdog for all of them. It may be run a second
   * time, so it must be pure.
   */
  watch<T>(run: () => T): T;
}

type Outcome = { readonly loaded: LoadedPlugin } | { readonly left: UnusablePlugin };

/**
 * Finds and loads every plugin: those that a manifest lists, those that come with vfio-compose, and those that are installed
 * beside it. There is no value where one that is listed cannot be used; another that cannot is left out with a warning.
 */
export async function loadPlugins(request: PluginRequest): Promise<Result<LoadedPlugins>> {
  const { plugins, diagnostics } = await survey(request);
  return hasErrors(diagnostics) ? { diagnostics } : { value: plugins, diagnostics };
}

/** The same, with those that can be used also where others cannot: for lists. */
export async function survey(
  request: PluginRequest,
): Promise<{ readonly plugins: LoadedPlugins; readonly diagnostics: readonly Diagnostic[] }> {
  const diagnostics: Diagnostic[] = [];
  const found: FoundPlugin[] = [];
  for (const named of request.named) {
    const result = findNamed(named);
    if ('kind' in result) diagnostics.push(result.kind({ detail: result.detail, at: named.at }));
    else found.push(result);
  }
  found.push(...findBuiltIn(), ...findInstalled());
  const { asRoot = process.geteuid?.() === 0 } = request;
  const outcomes = await Promise.all(found.map((each) => load(each, asRoot)));
  const left = outcomes.flatMap((outcome) => ('left' in outcome ? [outcome.left] : []));
  const unique = withoutTwins(outcomes.flatMap((outcome) => ('loaded' in outcome ? [outcome.loaded] : [])));
  left.push(...withoutBase(unique.loaded));
  diagnostics.push(...unique.diagnostics, ...left.map(({ diagnostic }) => diagnostic));
  const usable = unique.loaded.filter(({ plugin }) => !left.some(({ id }) => id === pluginId(plugin)));
  const compile = request.options ? await loadSchemaCompiler() : undefined;
  return { plugins: setOf(usable, left, compile), diagnostics };
}

/** The plugins that come with vfio-compose, options and all: what tests compile with. */
export async function builtinPlugins(): Promise<LoadedPlugins> {
  const { value, diagnostics } = await loadPlugins({ named: [], options: true });
  if (!value || diagnostics.length > 0) throw new Error(diagnostics.map(({ detail }) => detail).join('\n'));
  return value;
}

/** Step by step, each of which needs the one before: may it run, what does it say it is, does it run, is it what it says. */
async function load(found: FoundPlugin, asRoot: boolean): Promise<Outcome> {
  const { origin, folder } = found;
  const leave = (fault: Fault, id: string): Outcome => ({
    left: { id, origin, folder, diagnostic: findingAbout(found, fault) },
  });
  const danger = asRoot ? distrust(found) : undefined;
  if (danger) return leave(danger, guessedId(folder));
  const read = readMetadata(found);
  if ('detail' in read) return leave(read, guessedId(folder));
  const { metadata, packageJson } = read;
  let module: unknown;
  try {
    module = await found.load(packageJson);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const detail = `The code of ${pluginId(metadata)} in ${folder} cannot be loaded: ${reason}.`;
    return leave({ kind: pluginNotLoadable, detail }, pluginId(metadata));
  }
  const plugin = checkContract(module, metadata);
  if ('detail' in plugin) return leave(plugin, pluginId(metadata));
  return { loaded: { plugin, origin, folder } };
}

/** Of plugins with the same kind and name, the first; they come in the order of their weight. */
function withoutTwins(all: readonly LoadedPlugin[]): { loaded: LoadedPlugin[]; diagnostics: Diagnostic[] } {
  const first = new Map<string, LoadedPlugin>();
  const diagnostics: Diagnostic[] = [];
  for (const each of all) {
    const id = pluginId(each.plugin);
    const winner = first.get(id);
    if (!winner) {
      first.set(id, each);
      continue;
    }
    const { origin: loser } = each;
    const at = winner.origin.kind === 'manifest' ? winner.origin.named.at : undefined;
    const detail = `${id} in ${winner.folder} and in ${each.folder}.`;
    if (loser.kind === 'manifest') {
      const related = at ? [{ message: 'the other one', at }] : [];
      diagnostics.push(pluginTwice({ detail, at: loser.named.at, related }));
    } else diagnostics.push(pluginTwice({ detail: `${detail} The first one is used.`, at, severity: 'warning' }));
  }
  return { loaded: [...first.values()], diagnostics };
}

/** IOMMU plugins that build on one that is not there, or on themselves. */
function withoutBase(all: readonly LoadedPlugin[]): UnusablePlugin[] {
  const bases = new Map(
    all.flatMap(({ plugin }) => (plugin.kind === 'iommu' ? [[plugin.name, plugin.on] as const] : [])),
  );
  return all.flatMap(({ plugin, origin, folder }) => {
    const fault = plugin.kind === 'iommu' ? faultOfBase(plugin.name, bases) : undefined;
    if (fault === undefined) return [];
    const diagnostic = findingAbout(
      { origin, folder },
      { kind: pluginContract, detail: `${pluginId(plugin)} ${fault}.` },
    );
    return [{ id: pluginId(plugin), origin, folder, diagnostic }];
  });
}

function faultOfBase(name: string, bases: ReadonlyMap<string, string | undefined>): string | undefined {
  const seen = new Set([name]);
  for (let base = bases.get(name); base !== undefined; base = bases.get(base)) {
    if (seen.has(base)) return `builds on iommu-${base}, and so on itself`;
    if (!bases.has(base)) return `builds on iommu-${base}, which is not there`;
    seen.add(base);
  }
  return undefined;
}

function setOf(
  loaded: readonly LoadedPlugin[],
  left: readonly UnusablePlugin[],
  compile: Awaited<ReturnType<typeof loadSchemaCompiler>> | undefined,
): LoadedPlugins {
  const caller = new HookCaller();
  const plugins = loaded.map(({ plugin }) => plugin);
  return {
    loaded,
    left,
    reset: plugins.filter((plugin) => plugin.kind === 'reset'),
    iommu: plugins.filter((plugin) => plugin.kind === 'iommu'),
    unusable: new Map(left.map(({ id, diagnostic }) => [id, diagnostic])),
    call: (plugin, hook, run) => caller.call(plugin, hook, run),
    checkOptions: (plugin, options) => checkOptions(plugin, options, compile),
    watch: (run) => caller.watch(run),
  };
}
