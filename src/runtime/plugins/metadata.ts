import { PLUGIN_API } from '../../model/index.ts';
import { pluginApi, pluginMetadata } from './diagnostics.ts';
import type { Fault, FoundPlugin, PluginMetadata } from './found-plugin.ts';

const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

export interface ReadMetadata {
  readonly metadata: PluginMetadata;
  /** The whole of package.json. */
  readonly packageJson: Readonly<Record<string, unknown>>;
}

/** Reads what a package says of itself. None of its code runs. */
export function readMetadata(found: FoundPlugin): ReadMetadata | Fault {
  let packageJson: unknown;
  try {
    packageJson = found.packageJson();
  } catch (error) {
    return wrong(`package.json cannot be read: ${(error as Error).message}.`);
  }
  if (!isObject(packageJson)) return wrong('package.json does not hold an object.');
  const said = packageJson['vfio-compose'];
  if (!isObject(said)) return wrong('package.json has no "vfio-compose" with the kind, the name and the api.');
  const { kind, name, api } = said;
  if (kind !== 'reset' && kind !== 'iommu') {
    return wrong(`"kind" in "vfio-compose" of package.json is "reset" or "iommu", not ${JSON.stringify(kind)}.`);
  }
  if (typeof name !== 'string' || !NAME.test(name)) {
    return wrong(
      `"name" in "vfio-compose" of package.json is lower-case words with "-" between them, not ${JSON.stringify(name)}.`,
    );
  }
  if (!Number.isInteger(api)) {
    return wrong(`"api" in "vfio-compose" of package.json is the version of the interface, such as ${PLUGIN_API}.`);
  }
  if (api !== PLUGIN_API) {
    const detail = `${kind}-${name} is written for version ${String(api)} of the interface; this vfio-compose has version ${PLUGIN_API}.`;
    return { kind: pluginApi, detail };
  }
  return { metadata: { kind, name, api }, packageJson };
}

const wrong = (detail: string): Fault => ({ kind: pluginMetadata, detail });

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
