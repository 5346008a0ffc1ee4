import { hasErrors } from '../../model/index.ts';
import { loadManifest } from '../../runtime/config/index.ts';
import {
  compileInvocation,
  type CompiledInvocation,
  manifestRequest,
  pluginsOf,
  reporter,
} from '../compile-invocation.ts';
import { statusOf } from '../exit-status.ts';
import { type Invocation, UsageError, type Verb } from '../verb.ts';

/** Says what is wrong with a manifest, by itself and on the host. Changes nothing and needs no privileges. */
export const verb: Verb = {
  name: 'validate',
  summary: 'say what is wrong with a manifest, and whether the host can do it',
  configure: (command) => {
    command
      .argument('[manifest]', 'the manifest')
      .option('-o, --output <format>', 'text or json', 'text')
      .option('--manifest-only', 'do not look at a host: whether the manifest is right by itself');
  },
  run: async (invocation) => {
    const { options, terminal, global } = invocation;
    const format = options['output'] ?? 'text';
    if (format !== 'text' && format !== 'json') throw new UsageError(`-o takes text or json, not "${String(format)}"`);
    const alone = options['manifestOnly'] === true;
    const {
      diagnostics,
      sources = new Map<string, string>(),
      report,
    } = alone ? await manifestAlone(invocation) : await compileInvocation(invocation);
    if (format === 'json') {
      const { diagnosticsDocument } = await import('../../render/diagnostics-json.ts');
      terminal.out(`${JSON.stringify(diagnosticsDocument(diagnostics, sources), null, 2)}\n`);
    } else {
      await report();
      const what = alone
        ? 'The manifest is valid; no host was looked at.'
        : 'The manifest is valid, and the host can do it.';
      if (!hasErrors(diagnostics) && !global.quiet) terminal.out(`${what}\n`);
    }
    return statusOf(diagnostics);
  },
};

async function manifestAlone(invocation: Invocation): Promise<CompiledInvocation> {
  const { value, sources, paths, ...loaded } = await loadManifest(manifestRequest(invocation));
  const plugins = value ? await pluginsOf(value, paths) : { diagnostics: [] };
  const diagnostics = [...loaded.diagnostics, ...plugins.diagnostics];
  return { diagnostics, sources, report: reporter(invocation, diagnostics, sources) };
}
