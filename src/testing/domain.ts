import { resolveManifest } from '../compiler/resolve/resolve.ts';
import {
  type Diagnostic,
  type DomainContext,
  indexHost,
  type IommuPlugin,
  type PluginLaw,
  type PluginOptions,
  type VmManifest,
} from '../model/index.ts';
import type { HostBuilder } from './host.ts';
import { manifestFrom } from './manifest.ts';
import { testPlugins } from './plugins.ts';

/** What a test of an IOMMU plugin says: the VM, the plugins that it goes through (nearest first), and their options. */
export interface DomainOptions {
  readonly vm: VmManifest;
  readonly host: HostBuilder;
  readonly plugins: readonly IommuPlugin[];
  readonly options?: PluginOptions;
}

/** What the hooks of an IOMMU plugin are given for a VM called `a`. Throws where the manifest of the test does not resolve. */
export function domainOf({ vm, host, plugins, options = {} }: DomainOptions): DomainContext {
  const index = indexHost(host.build());
  const { value, diagnostics } = resolveManifest(
    manifestFrom({ version: 1, name: 'tested', vms: { a: vm } }),
    index,
    testPlugins,
  );
  const [resolved] = value?.vms ?? [];
  const [nearest] = plugins;
  if (!resolved || !nearest) throw new Error(`the manifest of the test does not resolve: ${diagnostics[0]?.detail}`);
  const model = nearest.models.find(({ name }) => name === resolved.iommu.type) ?? nearest.models[0];
  const iommu = { ...resolved.iommu, extension: model?.extension ?? 0, isolates: nearest.isolates, plugins, options };
  return { vm: { ...resolved, iommu }, host: index, options };
}

/** What a law says of a VM, reduced to what tests assert: severity, code and place. */
export const reportOf = (law: PluginLaw<DomainContext>, domain: DomainOptions): string[] =>
  findingsOf(law, domain).map(({ severity, code, at }) => `${severity} ${code} at ${at?.file ?? 'nowhere'}`);

/** Everything that a law finds for a VM. */
export const findingsOf = (law: PluginLaw<DomainContext>, domain: DomainOptions): Diagnostic[] => [
  ...law.check(domainOf(domain)),
];
