import { PLUGIN_API, type Plugin } from '../../model/index.ts';
import { pluginContract } from './diagnostics.ts';
import type { Fault, PluginMetadata } from './found-plugin.ts';
import { faultsOfMatches } from './matches.ts';
import { isObject } from './metadata.ts';

type Exported = Readonly<Record<string, unknown>>;

const HOOKS = {
  reset: { must: ['quiesce'], may: ['reset', 'model'] },
  iommu: {
    must: ['claims'],
    may: ['backend', 'parameters', 'configure', 'mappings', 'complete', 'describe', 'simulate'],
  },
} as const;

/** Holds what a plugin's module exports against what the types demand, since its author may not have used them. */
export function checkContract(module: unknown, metadata: PluginMetadata): Plugin | Fault {
  const exported = isObject(module) || isNamespace(module) ? (module as Exported)['default'] : undefined;
  if (!isObject(exported)) {
    return wrong(metadata, ['its module has no default export made by defineResetPlugin or defineIommuPlugin']);
  }
  const faults = [
    ...faultsOfDescription(exported, metadata),
    ...faultsOfHooks(exported, metadata.kind),
    ...faultsOfLaws(exported['laws']),
    ...(metadata.kind === 'reset' ? faultsOfMatches(exported['matches']) : faultsOfIommu(exported)),
  ];
  return faults.length === 0 ? (exported as unknown as Plugin) : wrong(metadata, faults);
}

const isNamespace = (value: unknown): boolean => Object.prototype.toString.call(value) === '[object Module]';

const wrong = ({ kind, name }: PluginMetadata, faults: readonly string[]): Fault => ({
  kind: pluginContract,
  detail: `Of ${kind}-${name}: ${faults.join('; ')}.`,
});

function faultsOfDescription(plugin: Exported, metadata: PluginMetadata): string[] {
  const faults: string[] = [];
  for (const key of ['kind', 'name'] as const) {
    if (plugin[key] !== metadata[key]) {
      faults.push(`${key} is ${JSON.stringify(plugin[key])} in the code and "${metadata[key]}" in package.json`);
    }
  }
  if (plugin['api'] !== PLUGIN_API)
    faults.push(`api is not ${PLUGIN_API}: it is set by defineResetPlugin and the like`);
  if (!/^\d+\.\d+\.\d+/.test(String(plugin['version']))) faults.push('version is not one such as "0.1.0"');
  if (typeof plugin['summary'] !== 'string' || plugin['summary'] === '') faults.push('summary is not a sentence');
  if (plugin['options'] !== undefined) faults.push(...faultsOfOptions(plugin['options']));
  return faults;
}

function faultsOfOptions(options: unknown): string[] {
  if (!isObject(options) || options['type'] !== 'object' || !isObject(options['properties'])) {
    return ['options is not a JSON Schema of type "object" with properties'];
  }
  return Object.entries(options['properties'])
    .filter(([, schema]) => !isObject(schema))
    .map(([name]) => `the option ${name} has no schema`);
}

function faultsOfHooks(plugin: Exported, kind: Plugin['kind']): string[] {
  const isHook = (name: string) => typeof plugin[name] === 'function';
  const missing = HOOKS[kind].must.filter((name) => !isHook(name));
  const odd = HOOKS[kind].may.filter((name) => plugin[name] !== undefined && !isHook(name));
  return [...missing, ...odd].map((name) => `${name} is not a function`);
}

function faultsOfLaws(laws: unknown): string[] {
  if (laws === undefined) return [];
  if (!Array.isArray(laws)) return ['laws is not a list'];
  return laws
    .filter(
      (law) =>
        !isObject(law) ||
        typeof law['id'] !== 'string' ||
        typeof law['check'] !== 'function' ||
        !Array.isArray(law['reports']),
    )
    .map(
      (law: unknown) =>
        `the law ${isObject(law) ? JSON.stringify(law['id']) : ''} lacks an id, what it reports, or check`,
    );
}

function faultsOfIommu({ models, isolates, on }: Exported): string[] {
  const faults: string[] = [];
  if (!Array.isArray(models) || models.length === 0 || !models.every(isModel)) {
    faults.push('models is not a list of names with the extension of each (a number, or null)');
  }
  if (typeof isolates !== 'boolean') faults.push('isolates is not true or false');
  if (on !== undefined && typeof on !== 'string') faults.push('on is not the name of an IOMMU plugin');
  return faults;
}

const isModel = (model: unknown): boolean =>
  isObject(model) &&
  typeof model['name'] === 'string' &&
  (model['extension'] === null || Number.isInteger(model['extension']));
