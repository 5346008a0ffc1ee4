import { existsSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { type HostInventory, invariant, type Result } from '../../model/index.ts';
import { canonicalInventory } from '../inventory/canonical.ts';
import { takeLock } from './lock.ts';
import { digestOf, loadInventory } from '../inventory/index.ts';
import type { SimulatedKernel } from '../kernel/sim/index.ts';
import type { Machine } from './machine.ts';
import { mergeInventories } from './merge-inventory.ts';
import { localNames } from './name-service.ts';
import { checkPrivate, makePrivate, type StateDirectory } from './state-directory.ts';
import type { NamedPlugin } from '../plugins/found-plugin.ts';
import { writeFileAtomically } from '../write-atomically.ts';

/**
 * A host made from a snapshot, with a simulated kernel. What outlives a process on a real host (drivers, overrides,
 * owners of nodes) is kept in the state directory, so that `down` finds the host as `up` left it (docs/adr/0007).
 */
export async function simulatedMachine(
  hostFile: string,
  state: StateDirectory,
  plugins: readonly NamedPlugin[],
): Promise<Result<Machine>> {
  const original = await loadInventory({ host: hostFile });
  if (!original.value) return original as Result<never>;
  const kept = state.simulatedHostFile(digestOf(original.value));
  let now: HostInventory = original.value;
  checkPrivate(state.path);
  checkPrivate(dirname(kept));
  if (existsSync(kept)) {
    const loaded = await loadInventory({ host: kept, own: true });
    if (!loaded.value) return loaded as Result<never>;
    now = loaded.value;
  }
  return {
    value: machineOf({ hostFile, original: original.value, now, kept, lock: state.simulatedLock(), plugins }),
    diagnostics: original.diagnostics,
  };
}

/** Keeping it takes a moment; a process that takes longer is stopped, and says who it is in the lock. */
const LOCK_WAIT_MS = 60_000;

interface SimulatedHost {
  readonly hostFile: string;
  readonly original: HostInventory;
  readonly now: HostInventory;
  /** Where what it has become is kept. */
  readonly kept: string;
  /** Held while that is read and written again. */
  readonly lock: string;
  readonly plugins: readonly NamedPlugin[];
}

function machineOf({ hostFile, original, now, kept, lock, plugins }: SimulatedHost): Machine {
  let simulated: SimulatedKernel | undefined;
  // What this process last said of the host: only what changed since is its own to say.
  let base = now;
  return {
    inventory: now,
    digest: digestOf(now),
    names: localNames,
    hostFile,
    plugins,
    kernel: async () => {
      const { SimulatedKernel: Kernel } = await import('../kernel/sim/index.ts');
      simulated ??= new Kernel(original, { state: now, ...(await knownToPlugins(original, plugins)) });
      return simulated;
    },
    lookAtUses: () => () => [],
    save: async (kernel) => {
      invariant(kernel === simulated, 'a simulated machine is saved with its own kernel');
      const release = await takeLock(lock, 'a run that keeps what the simulated host has become', LOCK_WAIT_MS);
      try {
        await keep(simulated);
      } finally {
        release();
      }
    },
  };

  async function keep(kernel: SimulatedKernel): Promise<void> {
    const loaded = existsSync(kept) ? await loadInventory({ host: kept, own: true }) : undefined;
    const mine = kernel.toInventory();
    const then = mergeInventories(base, mine, loaded?.value ?? original);
    base = mine;
    if (text(then) === text(original)) {
      rmSync(kept, { force: true });
      return;
    }
    makePrivate(dirname(kept));
    const { snapshotText } = await import('../inventory/snapshot-text.ts');
    writeFileAtomically(kept, snapshotText(then, { identifiers: true }));
  }
}

/** What plugins know of the host. One that is gone since the project came up takes its part of the model with it. */
async function knownToPlugins(original: HostInventory, named: readonly NamedPlugin[]) {
  const { loadPlugins, simulatedBy } = await import('../plugins/index.ts');
  const all = await loadPlugins({ named, options: false });
  const { value } = all.value ? all : await loadPlugins({ named: [], options: false });
  return value ? simulatedBy(value, original) : {};
}

/** What stays when a process ends: huge pages in use and open nodes do not. */
const text = (inventory: HostInventory): string =>
  JSON.stringify(canonicalInventory(inventory, { identifiers: true, volatile: false }));
