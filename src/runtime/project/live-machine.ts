import type { HostInventory } from '../../model/index.ts';
import type { NamedPlugin } from '../plugins/found-plugin.ts';
import { HostFiles } from '../inventory/host-files.ts';
import { lookAtUses } from './device-uses.ts';
import type { Kernel } from '../kernel/port.ts';
import type { Machine } from './machine.ts';
import { localNames } from './name-service.ts';

/** This machine, with its own kernel. */
export function liveMachine(inventory: HostInventory, digest: string, plugins: readonly NamedPlugin[]): Machine {
  // One for all runs of the process: it has a helper process of its own.
  let kernel: Promise<Kernel> | undefined;
  return {
    inventory,
    digest,
    names: localNames,
    hostFile: null,
    plugins,
    kernel: () => (kernel ??= loadKernel()),
    lookAtUses: () => lookAtUses(new HostFiles(), process.pid),
    save: async () => {},
  };
}

async function loadKernel(): Promise<Kernel> {
  const { LinuxKernel } = await import('../kernel/linux/linux-kernel.ts');
  return LinuxKernel.load();
}
