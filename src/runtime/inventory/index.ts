import { existsSync } from 'node:fs';
import type { HostInventory, Result } from '../../model/index.ts';
import type { TreeFiles } from './tree-file.ts';
import { HostPath } from './host-paths.ts';

export { digestOf } from './digest.ts';
export type { TreeFiles } from './tree-file.ts';

export interface InventoryOptions {
  /** A snapshot file in the place of the live machine. */
  readonly host?: string | undefined;
  /** The snapshot has to be this user's own: it is kept by vfio-compose itself. */
  readonly own?: boolean | undefined;
  /** A device-tree blob in the place of any machine: what a kernel would make of it. */
  readonly tree?: TreeFiles | undefined;
  /** Collect serial numbers and MAC addresses of the live machine. A snapshot has them or has not. */
  readonly identifiers?: boolean | undefined;
  /** Put before every path of the live machine, for tests. */
  readonly root?: string | undefined;
}

/** The inventory that a verb works on: a snapshot or a blob where one is named, else this machine. Throws nothing. */
export async function loadInventory(options: InventoryOptions = {}): Promise<Result<HostInventory>> {
  if (options.host !== undefined) {
    const { readSnapshot } = await import('./snapshot.ts');
    return readSnapshot(options.host, options.own);
  }
  if (options.tree !== undefined) {
    const { readTreeInventory } = await import('./tree-file.ts');
    return readTreeInventory(options.tree);
  }
  const { root = '', identifiers = false } = options;
  if (!existsSync(`${root}${HostPath.buses}`)) {
    const { hostNotReadable } = await import('./diagnostics.ts');
    const detail = `There is no ${HostPath.buses}. Give a snapshot of the machine that is meant with --host FILE.`;
    return { diagnostics: [hostNotReadable({ detail })] };
  }
  const { readLiveInventory } = await import('./live.ts');
  return { value: readLiveInventory({ root, identifiers }), diagnostics: [] };
}
