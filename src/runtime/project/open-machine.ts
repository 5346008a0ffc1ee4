import { resolve } from 'node:path';
import type { Result } from '../../model/index.ts';
import { digestOf, loadInventory, type TreeFiles } from '../inventory/index.ts';
import type { NamedPlugin } from '../plugins/found-plugin.ts';
import { liveMachine } from './live-machine.ts';
import type { Machine } from './machine.ts';
import type { StateDirectory } from './state-directory.ts';

/**
 * Opens the machine that a command is about: a snapshot with a simulated kernel where one is named, a device-tree blob to
 * plan for, else this one. Names of files count from `cwd`.
 */
export async function openMachine(
  hostFile: string | undefined,
  cwd: string,
  state: StateDirectory,
  options: {
    readonly identifiers: boolean;
    readonly tree?: TreeFiles | undefined;
    /** What the manifest lists; left out where there is none. */
    readonly plugins?: readonly NamedPlugin[];
  },
): Promise<Result<Machine>> {
  const { plugins = [] } = options;
  if (hostFile !== undefined) {
    const { simulatedMachine } = await import('./simulated-machine.ts');
    return simulatedMachine(resolve(cwd, hostFile), state, plugins);
  }
  if (options.tree !== undefined) {
    const { treeMachine } = await import('./tree-machine.ts');
    return treeMachine(treeFilesFrom(cwd, options.tree));
  }
  const { value, diagnostics } = await loadInventory({ identifiers: options.identifiers });
  return value ? { value: liveMachine(value, digestOf(value), plugins), diagnostics } : { diagnostics };
}

const treeFilesFrom = (cwd: string, { dtb, dtbo }: TreeFiles): TreeFiles => ({
  dtb: resolve(cwd, dtb),
  dtbo: dtbo.map((file) => resolve(cwd, file)),
});
