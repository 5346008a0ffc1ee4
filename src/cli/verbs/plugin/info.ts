import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { didYouMean, type OptionsSchema, type Plugin, pluginId } from '../../../model/index.ts';
import type { LoadedPlugin } from '../../../runtime/plugins/index.ts';
import { reporter } from '../../compile-invocation.ts';
import { ExitStatus, statusOf } from '../../exit-status.ts';
import { type Invocation, UsageError } from '../../verb.ts';
import { pluginsCalled, surveyFolder, surveyPlugins } from './find.ts';
import { originInWords, purposesOf } from './words.ts';

/** `plugin info NAME`, or of the plugin in a folder: what it is for, its options and its laws. */
export async function showPlugin(invocation: Invocation): Promise<number> {
  const { args, options, terminal } = invocation;
  const [name, ...others] = args;
  if (name === undefined || others.length > 0) throw new UsageError('plugin info takes the name of one plugin');
  const isFolder = name.includes('/');
  const { plugins, diagnostics, sources } = isFolder
    ? await surveyFolder(name, invocation)
    : await surveyPlugins(invocation);
  const found = isFolder
    ? plugins.loaded.filter(({ origin }) => origin.kind === 'manifest')
    : pluginsCalled(name, plugins);
  if (found.length === 0) {
    await reporter(invocation, diagnostics, sources)();
    if (isFolder) return statusOf(diagnostics);
    const near = didYouMean(
      name,
      plugins.loaded.flatMap(({ plugin }) => [plugin.name, pluginId(plugin)]),
    );
    terminal.err(`vfio-compose plugin info: there is no plugin "${name}". ${near}`.trimEnd() + '\n');
    return ExitStatus.plugin;
  }
  if (options['output'] === 'json') {
    terminal.out(`${JSON.stringify({ format_version: 1, plugins: found.map(documentOf) }, null, 2)}\n`);
  } else terminal.out(found.map(textOf).join('\n'));
  return ExitStatus.done;
}

function textOf(loaded: LoadedPlugin): string {
  const { plugin, origin } = loaded;
  const readme = readmeOf(loaded);
  const lines = [
    `${pluginId(plugin)} ${plugin.version} (${originInWords(origin)})`,
    `  ${plugin.summary}`,
    '',
    'For',
    ...purposesOf(plugin).map((purpose) => `  ${purpose}`),
    '',
    'Options',
    ...optionLines(plugin.options),
    '',
    'Laws',
    ...lawLines(plugin),
  ];
  if (readme !== null) lines.push('', 'Documentation', `  ${readme}`);
  return lines.map((line) => `${line}\n`).join('');
}

const readmeOf = ({ folder }: LoadedPlugin): string | null => {
  const path = join(folder, 'README.md');
  return existsSync(path) ? path : null;
};

/** The part of JSON Schema that says what an option is. */
interface OptionSchema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly description?: string;
}

function optionLines(schema: OptionsSchema | undefined): string[] {
  const entries = Object.entries(schema?.properties ?? {});
  if (entries.length === 0) return ['  none'];
  return entries.map(([name, property]) => {
    const { type, enum: choices, default: value, description = '' }: OptionSchema = property;
    const traits = [
      choices ? choices.map((choice) => JSON.stringify(choice)).join(' | ') : type,
      schema?.required?.includes(name) ? 'required' : undefined,
      value === undefined ? undefined : `default ${JSON.stringify(value)}`,
    ].filter(Boolean);
    return `  ${name}${traits.length > 0 ? ` (${traits.join(', ')})` : ''}: ${description}`.trimEnd();
  });
}

function lawLines(plugin: Plugin): string[] {
  const { laws = [] } = plugin;
  if (laws.length === 0) return ['  none'];
  return laws.flatMap(({ id, reports }) => [
    `  ${id}`,
    ...reports.map(({ code, severity, summary }) => `    ${severity} ${code}: ${summary}`),
  ]);
}

const documentOf = (loaded: LoadedPlugin) => {
  const { plugin, origin, folder } = loaded;
  return {
    name: plugin.name,
    kind: plugin.kind,
    version: plugin.version,
    summary: plugin.summary,
    from: originInWords(origin),
    folder,
    readme: readmeOf(loaded),
    ...(plugin.kind === 'reset' ? { matches: plugin.matches } : { models: plugin.models, isolates: plugin.isolates }),
    options: plugin.options ?? null,
    laws: (plugin.laws ?? []).map(({ id, reports }) => ({
      id,
      reports: reports.map(({ code, severity, summary }) => ({ code, severity, summary })),
    })),
  };
};
