import type { Diagnostic, DiagnosticKind } from '../diagnostic.ts';
import type { IommuPlugin } from './iommu-plugin.ts';
import type { ResetPlugin } from './reset-plugin.ts';

/** The version of what plugins are written against. A plugin of another one is not loaded. */
export const PLUGIN_API = 1;

/** What every plugin says about itself. */
export interface PluginDescription {
  readonly api: typeof PLUGIN_API;
  /** Without its kind: `calxeda-xgmac`. */
  readonly name: string;
  /** Of the plugin, as semantic versioning has it. */
  readonly version: string;
  /** One sentence for lists. */
  readonly summary: string;
  /** JSON Schema of `options`; without it the plugin takes none. */
  readonly options?: OptionsSchema;
}

/** Options of a plugin, after its schema has been held against them and its defaults filled in. */
export type PluginOptions = Readonly<Record<string, unknown>>;

/** The JSON Schema (draft 2020-12) of an object of options. */
export interface OptionsSchema {
  readonly type: 'object';
  readonly properties: Readonly<Record<string, object>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: false;
}

/** A law of the hardware that a plugin is about. */
export interface PluginLaw<Context> {
  readonly id: string;
  /** Everything that it may report; each has a page in the plugin's documentation. */
  readonly reports: readonly DiagnosticKind[];
  check(context: Context): Iterable<Diagnostic>;
}

export type Plugin = ResetPlugin | IommuPlugin;
export type PluginKind = Plugin['kind'];

/** `reset-my-device`: how a plan and a message call a plugin. */
export const pluginId = ({ kind, name }: Pick<Plugin, 'kind' | 'name'>): string => `${kind}-${name}`;

/** What a plugin's options came to. */
export type CheckedOptions =
  | { readonly options: PluginOptions }
  /** The ways into the options, and what is wrong there. */
  | { readonly problems: readonly { readonly path: readonly (string | number)[]; readonly message: string }[] };

/** A hook that threw, took too long, or was not a function. The plugin's mistake, and said to be. */
export class PluginFault extends Error {
  override readonly name = 'PluginFault';

  constructor(
    readonly plugin: string,
    readonly hook: string,
    readonly reason: string,
  ) {
    super(`plugin ${plugin} failed in ${hook}: ${reason}`);
  }
}

/** The plugins that a run may use. Made by whoever looks for them; the compiler only asks. */
export interface PluginSet {
  readonly reset: readonly ResetPlugin[];
  readonly iommu: readonly IommuPlugin[];
  /** Those that were found and cannot be used, by their names with kind, each with why. */
  readonly unusable: ReadonlyMap<string, Diagnostic>;
  /** Calls a hook within its time. Throws {@link PluginFault}. */
  call<T>(plugin: Plugin, hook: string, run: () => T): T;
  checkOptions(plugin: Plugin, options: unknown): CheckedOptions;
}
