import type { Manifest } from '../../model/index.ts';
import type { NamedPlugin } from './found-plugin.ts';

/** What a manifest lists under `plugins:`. `paths` has the absolute path of each of its files. */
export const namedPlugins = (manifest: Manifest, paths: ReadonlyMap<string, string>): NamedPlugin[] =>
  (manifest.document.plugins ?? []).map((name, index) => {
    const at = manifest.at(['plugins', index]);
    return { name, writtenIn: paths.get(at.file) ?? at.file, at };
  });

/** Whether a manifest gives options to a plugin anywhere. */
export const givesOptions = ({ document }: Manifest): boolean =>
  Object.values(document.vms ?? {}).some(
    (vm) =>
      hasOptions(vm.iommu) ||
      Object.values(vm.devices).some((device) => typeof device === 'object' && hasOptions(device.reset)),
  );

const hasOptions = (value: unknown): boolean => typeof value === 'object' && value !== null && 'options' in value;
