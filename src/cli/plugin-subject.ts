import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { faultOfProgram } from '../compiler/plugins/check-program.ts';
import type { HostIndex } from '../model/index.ts';
import type { ContractSubject } from '../plugin/contract/index.ts';
import type { LoadedPlugin, LoadedPlugins } from '../runtime/plugins/index.ts';

/** What the contract is held against: the plugin, what lies in its folder, and the hosts that it is tried on. */
export function subjectOf(
  { plugin, folder }: LoadedPlugin,
  plugins: LoadedPlugins,
  hosts: readonly HostIndex[],
): ContractSubject {
  const readme = join(folder, 'README.md');
  return {
    plugin,
    files: {
      packageJson: JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, unknown>,
      readme: existsSync(readme) ? readFileSync(readme, 'utf8') : null,
    },
    plugins,
    hosts,
    faultOfProgram,
  };
}
