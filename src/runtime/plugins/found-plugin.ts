import {
  type Diagnostic,
  type DiagnosticKind,
  type Plugin,
  pluginId,
  type PluginKind,
  type Span,
} from '../../model/index.ts';

/** A plugin as a manifest lists it, or as the record of a running project kept that. */
export interface NamedPlugin {
  /** As written: a folder, or the name of a package. */
  readonly name: string;
  /** Absolute path of the file that it is written in: what is relative counts from its folder, and its owner is trusted. */
  readonly writtenIn: string;
  readonly at?: Span;
}

/** Where a plugin comes from; in this order, the earlier wins. */
export type PluginOrigin =
  | { readonly kind: 'manifest'; readonly named: NamedPlugin }
  | { readonly kind: 'built-in' }
  | { readonly kind: 'installed' };

/** Something that may be a plugin: nothing of it has been read but its place. */
export interface FoundPlugin {
  readonly origin: PluginOrigin;
  /** Absolute path of its folder. */
  readonly folder: string;
  /** What its package.json holds. Throws where it cannot be read. */
  packageJson(): unknown;
  /** Runs its code. Rejects where that throws. */
  load(packageJson: Readonly<Record<string, unknown>>): Promise<unknown>;
}

/** What a package says of itself before its code runs. */
export interface PluginMetadata {
  readonly kind: PluginKind;
  readonly name: string;
  readonly api: number;
}

/** A plugin that can be used, and where it is from. */
export interface LoadedPlugin {
  readonly plugin: Plugin;
  readonly origin: PluginOrigin;
  readonly folder: string;
}

/** A plugin that was found and cannot be used. */
export interface UnusablePlugin {
  /** With its kind, as far as that is known. */
  readonly id: string;
  readonly origin: PluginOrigin;
  readonly folder: string;
  readonly diagnostic: Diagnostic;
}

/** What a step of loading found wrong. */
export interface Fault {
  readonly kind: DiagnosticKind;
  readonly detail: string;
}

/** The finding about a plugin: an error where somebody asked for it, and there with the place where they did. */
export function findingAbout({ origin, folder }: Pick<FoundPlugin, 'origin' | 'folder'>, fault: Fault): Diagnostic {
  const { kind, detail } = fault;
  if (origin.kind === 'manifest') return kind({ detail, at: origin.named.at });
  return kind({ detail: `${detail} It lies in ${folder} and is left out.`, severity: 'warning' });
}

/** What a plugin is to be called whose metadata cannot be read: what its folder is called, without the prefix of packages. */
export const guessedId = (folder: string): string =>
  (folder.split('/').at(-1) ?? folder).replace(/^vfio-compose-plugin-/, '');

/** `reset-my-device@0.1.0`: how a message calls a plugin. */
export const pluginTitle = (plugin: Plugin): string => `${pluginId(plugin)}@${plugin.version}`;
