import { InvariantViolation, type Result } from '../../model/index.ts';
import { digestOf, loadInventory, type TreeFiles } from '../inventory/index.ts';
import type { Machine } from './machine.ts';
import { localNames } from './name-service.ts';

/**
 * What a kernel would make of a device-tree blob: enough to plan for. It has no kernel, so nothing is carried out on it;
 * a snapshot of it has a simulated one.
 */
export async function treeMachine(tree: TreeFiles): Promise<Result<Machine>> {
  const { value: inventory, diagnostics } = await loadInventory({ tree });
  if (!inventory) return { diagnostics };
  const machine: Machine = {
    inventory,
    digest: digestOf(inventory),
    names: localNames,
    // Projects that run on this machine or on a snapshot are not on this one.
    hostFile: tree.dtb,
    plugins: [],
    kernel: () => Promise.reject(new InvariantViolation('a device tree has no kernel; the command line sees to that')),
    lookAtUses: () => () => [],
    save: async () => {},
  };
  return { value: machine, diagnostics };
}
