import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Diagnostic, type HostIndex, indexHost } from '../../../model/index.ts';
import { checkPlugin, type ContractCheck } from '../../../plugin/contract/index.ts';
import { loadInventory } from '../../../runtime/inventory/index.ts';
import { packageRoot } from '../../../runtime/package-root.ts';
import { ExitStatus } from '../../exit-status.ts';
import { subjectOf } from '../../plugin-subject.ts';
import { type Invocation, UsageError } from '../../verb.ts';
import { loadHost } from '../load-host.ts';
import { surveyFolder } from './find.ts';

/** `plugin test DIR`: every law of the contract by name, kept or broken. A host to try it on can be given. */
export async function testPlugin(invocation: Invocation): Promise<number> {
  const { args, options, terminal, global } = invocation;
  const [folder, ...others] = args;
  if (folder === undefined || others.length > 0) throw new UsageError('plugin test takes the folder of one plugin');
  const { found, plugins, diagnostics } = await surveyFolder(folder, invocation);
  const checks = [loads(diagnostics)];
  if (found) {
    const hosts = [...(await exampleHosts()), ...(await hostsIn(join(found.folder, 'hosts')))];
    if (global.host !== undefined || global.tree !== undefined) {
      const given = await loadHost(invocation, { identifiers: false });
      if ('status' in given) return given.status;
      hosts.push(indexHost(given.inventory));
    }
    checks.push(...checkPlugin(subjectOf(found, plugins, hosts)));
  }
  const failed = checks.filter(({ failures }) => failures.length > 0).length;
  if (options['output'] === 'json') terminal.out(`${JSON.stringify({ format_version: 1, checks }, null, 2)}\n`);
  else {
    terminal.out(checks.map(linesOf).join(''));
    terminal.out(`${checks.length - failed} of ${checks.length} checks passed.\n`);
  }
  return failed === 0 ? ExitStatus.done : ExitStatus.plugin;
}

/** What is wrong with other plugins is not this one's. */
const loads = (diagnostics: readonly Diagnostic[]): ContractCheck => ({
  name: 'it is found, says what it is, and can be loaded',
  failures: diagnostics.filter(({ severity }) => severity === 'error').map(({ code, detail }) => `${code}: ${detail}`),
});

const linesOf = ({ name, failures }: ContractCheck): string =>
  [`${failures.length === 0 ? 'ok  ' : 'FAIL'} ${name}`, ...failures.map((failure) => `       ${failure}`)]
    .map((line) => `${line}\n`)
    .join('');

/** The machines of the examples: with many devices, behind IOMMUs of several kinds. */
export const exampleHosts = (): Promise<HostIndex[]> => hostsIn(join(packageRoot(), 'examples'));

/** The snapshots below a folder, those that are none left out. A plugin brings the machines that it is for in `hosts/`. */
export async function hostsIn(folder: string): Promise<HostIndex[]> {
  const files = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort() : [];
  const hosts: HostIndex[] = [];
  for (const file of files.filter((name) => name.endsWith('.json'))) {
    const { value } = await loadInventory({ host: join(folder, file) });
    if (value) hosts.push(indexHost(value));
  }
  return hosts;
}
