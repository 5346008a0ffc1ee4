import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { type HostInventory, invariant, type Result } from '../../model/index.ts';
import { canonicalInventory } from '../inventory/canonical.ts';
import { digestOf, loadInventory } from '../inventory/index.ts';
import type { SimulatedKernel } from '../kernel/sim/index.ts';
import type { Machine } from './machine.ts';
import { mergeInventories } from './merge-inventory.ts';
import { localNames } from './name-service.ts';
import { type StateDirectory } from './state-directory.ts';
import { writeFileAtomically } from '../write-atomically.ts';

/**
 * A host made from a snapshot, with a simulated kernel. What outlives a process on a real host (drivers, overrides,
 * owners of nodes) is kept in the state directory, so that `down` finds the host as `up` left it (docs/adr/0007).
 */
export async function simulatedMachine(hostFile: string, state: StateDirectory): Promise<Result<Machine>> {
  const original = await loadInventory({ host: hostFile });
  if (!original.value) return original as Result<never>;
  const kept = state.simulatedHostFile(digestOf(original.value));
  let now: HostInventory = original.value;
  if (existsSync(kept)) {
    const loaded = await loadInventory({ host: kept });
    if (!loaded.value) return loaded as Result<never>;
    now = loaded.value;
  }
  return { value: machineOf(hostFile, original.value, now, kept), diagnostics: original.diagnostics };
}

function machineOf(hostFile: string, original: HostInventory, now: HostInventory, kept: string): Machine {
  let simulated: SimulatedKernel | undefined;
  // What this process last said of the host: only what changed since is its own to say.
  let base = now;
  return {
    inventory: now,
    digest: digestOf(now),
    names: localNames,
    hostFile,
    kernel: async () => {
      simulated ??= await kernelOf(original, now);
      return simulated;
    },
    holders: () => [],
    save: async (kernel) => {
      invariant(kernel === simulated, 'a simulated machine is saved with its own kernel');
      const loaded = existsSync(kept) ? await loadInventory({ host: kept }) : undefined;
      const mine = simulated.toInventory();
      const then = mergeInventories(base, mine, loaded?.value ?? original);
      base = mine;
      if (text(then) === text(original)) {
        rmSync(kept, { force: true });
        return;
      }
      mkdirSync(dirname(kept), { recursive: true, mode: 0o700 });
      const { snapshotText } = await import('../inventory/snapshot-text.ts');
      writeFileAtomically(kept, snapshotText(then, { identifiers: true }));
    },
  };
}

async function kernelOf(original: HostInventory, state: HostInventory): Promise<SimulatedKernel> {
  const { pluginBackends, SimulatedKernel: Kernel } = await import('../kernel/sim/index.ts');
  if ((original.vfio.backends ?? []).length === 0) return new Kernel(original, { state });
  // A backend that the kernel model does not know is a plugin's, and few hosts have one.
  const { builtinPlugins } = await import('../plugins/index.ts');
  return new Kernel(original, { state, backends: pluginBackends(original, await builtinPlugins()) });
}

/** What stays when a process ends: huge pages in use and open nodes do not. */
const text = (inventory: HostInventory): string =>
  JSON.stringify(canonicalInventory(inventory, { identifiers: true, volatile: false }));
