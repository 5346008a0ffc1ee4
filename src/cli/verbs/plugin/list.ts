import { reporter } from '../../compile-invocation.ts';
import { statusOf } from '../../exit-status.ts';
import { table } from '../../table.ts';
import { type Invocation, UsageError } from '../../verb.ts';
import { surveyPlugins } from './find.ts';
import { originInWords, purposesOf } from './words.ts';

/** `plugin list`: every plugin with where it is from, and those that cannot be used with why. */
export async function listPlugins(invocation: Invocation): Promise<number> {
  const { args, options, terminal } = invocation;
  if (args.length > 0) throw new UsageError('plugin list takes no name; plugin info does');
  const { plugins, diagnostics, sources } = await surveyPlugins(invocation);
  if (options['output'] === 'json') terminal.out(`${JSON.stringify(documentOf(plugins), null, 2)}\n`);
  else {
    const rows = [
      ...plugins.loaded.map(({ plugin, origin }) => [
        plugin.name,
        plugin.version,
        plugin.kind,
        originInWords(origin),
        purposesOf(plugin).join(', '),
      ]),
      ...plugins.left.map(({ id, origin, diagnostic }) => [
        id,
        '-',
        '-',
        originInWords(origin),
        `UNUSABLE: ${diagnostic.code}`,
      ]),
    ];
    terminal.out(table(['NAME', 'VERSION', 'KIND', 'FROM', 'FOR'], rows));
  }
  await reporter(invocation, diagnostics, sources)();
  return statusOf(diagnostics);
}

const documentOf = ({ loaded, left }: Awaited<ReturnType<typeof surveyPlugins>>['plugins']) => ({
  format_version: 1,
  plugins: loaded.map(({ plugin, origin, folder }) => ({
    name: plugin.name,
    kind: plugin.kind,
    version: plugin.version,
    summary: plugin.summary,
    from: originInWords(origin),
    folder,
    ...(plugin.kind === 'reset' ? { matches: plugin.matches } : { models: plugin.models }),
  })),
  unusable: left.map(({ id, origin, folder, diagnostic }) => ({
    id,
    from: originInWords(origin),
    folder,
    code: diagnostic.code,
    detail: diagnostic.detail,
  })),
});
