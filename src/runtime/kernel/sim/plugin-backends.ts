import { indexHost, type HostInventory, type PluginSet } from '../../../model/index.ts';
import type { SimulationOptions } from './options.ts';

type Backends = NonNullable<SimulationOptions['backends']>;

/** The backends of a host that mainline does not have, as the plugins that know them simulate them. */
export function pluginBackends(inventory: HostInventory, plugins: PluginSet): Backends {
  // Most hosts have none, and need no look-ups made for it.
  if ((inventory.vfio.backends ?? []).length === 0) return new Map();
  const host = indexHost(inventory);
  return new Map(
    plugins.iommu.flatMap((plugin) => {
      const { simulate } = plugin;
      const backend = simulate && plugins.call(plugin, 'backend', () => plugin.backend?.(host));
      if (!simulate || !backend) return [];
      return [[backend.extension, (process) => plugins.call(plugin, 'simulate', () => simulate(host, process))]];
    }),
  );
}
