import { compileInvocation } from '../compile-invocation.ts';
import { statusOf } from '../exit-status.ts';
import { UsageError, type Verb } from '../verb.ts';

/**
 * Shows the manifest as it was understood. Where the host cannot do it, that is said too, since the way to find out why
 * is to look at what was understood.
 */
export const verb: Verb = {
  name: 'config',
  summary: 'show the manifest with variables, includes, defaults and devices put in',
  configure: (command) => {
    command.argument('[manifest]', 'the manifest').option('-o, --output <format>', 'yaml or json', 'yaml');
  },
  run: async (invocation) => {
    const { options, terminal } = invocation;
    const format = options['output'] ?? 'yaml';
    if (format !== 'yaml' && format !== 'json') throw new UsageError(`-o takes yaml or json, not "${String(format)}"`);
    const { resolved, diagnostics, report } = await compileInvocation(invocation);
    await report();
    if (resolved && format === 'json') {
      const { configDocument } = await import('../../render/config.ts');
      terminal.out(`${JSON.stringify(configDocument(resolved), null, 2)}\n`);
    } else if (resolved) {
      const { configYaml } = await import('../../render/config-yaml.ts');
      terminal.out(configYaml(resolved));
    }
    return statusOf(diagnostics);
  },
};
