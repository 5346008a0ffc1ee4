import { type HostDevice, type HostIndex, PluginFault } from '../model/index.ts';

/**
 * What the plugins that know the host's IOMMU say of a device, a line each: its stream ids, its LIODN. One that fails is
 * passed over, as one that says nothing: this is for show.
 */
export async function iommuLines(device: HostDevice, host: HostIndex): Promise<readonly string[]> {
  const { loadPlugins } = await import('../runtime/plugins/index.ts');
  const { value: plugins } = await loadPlugins({ named: [], options: false });
  if (!plugins) return [];
  return plugins.iommu.flatMap((plugin) => {
    try {
      if (plugins.call(plugin, 'claims', () => plugin.claims(host)) !== 'exact') return [];
      return plugins.call(plugin, 'describe', () => plugin.describe?.(device, host) ?? []);
    } catch (error) {
      if (error instanceof PluginFault) return [];
      throw error;
    }
  });
}
