import { compatibleOfDevice } from '../../compiler/plugins/choose-reset.ts';
import { matchesOf } from '../../compiler/plugins/match.ts';
import { pciRegions } from '../../compiler/plugins/target.ts';
import { correlate, kernelNumbering } from '../../devicetree/correlate.ts';
import {
  bytes,
  type HostDevice,
  type HostIndex,
  type HostInventory,
  type IommuPlugin,
  indexHost,
  type Plugin,
  PluginFault,
  type PluginSet,
  type RegisterModel,
  type ResetPlugin,
  type ResetTarget,
  type TargetRegion,
} from '../../model/index.ts';
import type { SimulationOptions } from '../kernel/sim/index.ts';
import { pluginTitle } from './found-plugin.ts';

/**
 * What plugins know of a host that its inventory does not say: the registers of devices, and IOMMUs that the kernel model has
 * not. The registers of a device are those of the plugin that matches it best. Throws {@link PluginFault}.
 */
export const simulatedBy = (plugins: PluginSet, inventory: HostInventory): Simulated =>
  simulationsBy(plugins, inventory)();

type Simulated = Required<Pick<SimulationOptions, 'devices' | 'backends'>>;

/** The same for many simulations of one host: each call makes registers of its own. */
export function simulationsBy(plugins: PluginSet, inventory: HostInventory): () => Simulated {
  const host = indexHost(inventory);
  const makers = inventory.devices.flatMap((device) => {
    const make = registersOf(device, host, plugins);
    return make ? [[device.address, make] as const] : [];
  });
  const backends = backendsOf(host, plugins);
  return () => ({
    devices: new Map(
      makers.flatMap(([address, make]) => {
        const registers = make();
        return registers ? [[address, { registers }]] : [];
      }),
    ),
    backends,
  });
}

/** What makes the registers of a device, where a plugin has a model of it. */
function registersOf(device: HostDevice, host: HostIndex, plugins: PluginSet): (() => RegisterModel | null) | null {
  const compatible = compatibleOfDevice(device, host);
  const plugin: ResetPlugin | undefined = matchesOf(plugins, device, compatible)[0]?.plugin;
  if (!plugin?.model) return null;
  const node = nodeOf(device, host);
  const target: Pick<ResetTarget, 'device' | 'node' | 'compatible' | 'regions'> = {
    device,
    node,
    compatible,
    regions: regionsOf(device, node, host),
  };
  return () => {
    const model = plugins.call(plugin, 'model', () => plugin.model?.(target));
    return model ? blamed(plugin, model) : null;
  };
}

const nodeOf = (device: HostDevice, host: HostIndex): ResetTarget['node'] =>
  (device.bus === 'pci' || device.treePath === null ? undefined : host.tree?.byPath.get(device.treePath)) ?? null;

function regionsOf(device: HostDevice, node: ResetTarget['node'], host: HostIndex): readonly TargetRegion[] {
  if (device.bus === 'pci') return pciRegions(device);
  if (!node || !host.tree) return [];
  return correlate(host.tree, node, kernelNumbering(device.bus, host.inventory.vfio)).flatMap((row) =>
    row.kind === 'region' && row.vfioIndex !== null
      ? [{ index: row.vfioIndex, size: bytes(row.size), name: row.name }]
      : [],
  );
}

/**
 * The backends of a host that mainline does not have, as the plugins that know them simulate them: each for the one that it
 * finds there, or, where it needs nothing of the host, for the numbers of its models.
 */
function backendsOf(host: HostIndex, plugins: PluginSet): Required<SimulationOptions>['backends'] {
  const backends = new Map<number, NonNullable<ReturnType<typeof backendOf>>>();
  for (const plugin of plugins.iommu) {
    const backend = backendOf(plugin, host, plugins);
    if (!backend) continue;
    const found = plugin.backend && plugins.call(plugin, 'backend', () => plugin.backend?.(host)?.extension ?? null);
    for (const extension of plugin.backend ? [found] : plugin.models.map((model) => model.extension)) {
      if (extension !== null && extension !== undefined && !backends.has(extension)) backends.set(extension, backend);
    }
  }
  return backends;
}

function backendOf(plugin: IommuPlugin, host: HostIndex, plugins: PluginSet) {
  const { simulate } = plugin;
  if (!simulate) return undefined;
  return (process: Parameters<typeof simulate>[1]) =>
    plugins.call(plugin, 'simulate', () => plugin.simulate?.(host, process) ?? refuse(plugin));
}

function refuse(plugin: Plugin): never {
  throw new PluginFault(pluginTitle(plugin), 'simulate', 'it returned nothing');
}

/** A model whose mistakes are its plugin's. Not bounded in time: it is asked for each access of a simulated kernel. */
function blamed(plugin: Plugin, model: RegisterModel): RegisterModel {
  const run = <T>(hook: string, call: () => T): T => {
    try {
      return call();
    } catch (error) {
      throw new PluginFault(
        pluginTitle(plugin),
        `model ${hook}`,
        error instanceof Error ? error.message : String(error),
      );
    }
  };
  return {
    read: (region, offset, width) => run('read', () => model.read(region, offset, width)),
    write: (region, offset, width, value) => run('write', () => model.write(region, offset, width, value)),
    reset: () => run('reset', () => model.reset()),
  };
}
