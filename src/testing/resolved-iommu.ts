import type { ResolvedIommu, ResolvedReset } from '../model/index.ts';
import { spanAt } from './manifest.ts';
import { testPlugins } from './plugins.ts';

/** An IOMMU model of a VM as choosing leaves it. */
export function resolvedIommu(type: string, wish: Partial<ResolvedIommu> = {}): ResolvedIommu {
  const plugin = testPlugins.iommu.find(
    ({ models, on }) => on === undefined && models.some(({ name }) => name === type),
  );
  const extension = plugin?.models.find(({ name }) => name === type)?.extension;
  if (!plugin || extension === undefined || extension === null) throw new Error(`no plugin has the model ${type}`);
  const at = spanAt(['vms', 'edge', 'iommu']);
  const { isolates } = plugin;
  return { type, extension, isolates, plugins: [plugin], options: {}, unsafeInterrupts: false, at, ...wish };
}

/** The reset plugin of a device as naming it leaves it. */
export function resolvedReset(name: string, options: ResolvedReset['options'] = {}): ResolvedReset {
  const plugin = testPlugins.reset.find((one) => one.name === name);
  if (!plugin) throw new Error(`no plugin is called ${name}`);
  return { plugin, because: 'the manifest names it', options, at: spanAt(['vms', 'edge', 'devices']) };
}
