import type { HostInventory } from '../../model/index.ts';
import type { NamedPlugin } from '../plugins/found-plugin.ts';
import { HostFiles } from '../inventory/host-files.ts';
import { readDeviceUses } from './device-uses.ts';
import type { Machine } from './machine.ts';
import { localNames } from './name-service.ts';

/** This machine, with its own kernel. */
export function liveMachine(inventory: HostInventory, digest: string, plugins: readonly NamedPlugin[]): Machine {
  return {
    inventory,
    digest,
    names: localNames,
    hostFile: null,
    plugins,
    kernel: async () => {
      const { LinuxKernel } = await import('../kernel/linux/linux-kernel.ts');
      return LinuxKernel.load();
    },
    holders: (device) => readDeviceUses(device, new HostFiles(), process.pid),
    save: async () => {},
  };
}
