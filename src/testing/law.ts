import { resolveManifest } from '../compiler/resolve/resolve.ts';
import { type Diagnostic, type DomainContext, domainLaws, indexHost, type PluginLaw } from '../model/index.ts';
import type { HostBuilder } from './host.ts';
import { manifestFrom } from './manifest.ts';
import { testPlugins } from './plugins.ts';
import { lineOf, type Vms } from './rule.ts';

export { textOf } from './rule.ts';

/** What the hooks of IOMMU plugins are given for each VM, with the plugin that the compiler chooses for it. */
export function domains(vms: Vms, on: HostBuilder): DomainContext[] {
  const host = indexHost(on.build());
  const manifest = manifestFrom({ version: 1, name: 'tested', vms: { ...vms } });
  const { value, diagnostics } = resolveManifest(manifest, host, testPlugins);
  if (!value) throw new Error(`the manifest of the test does not resolve: ${diagnostics[0]?.detail}`);
  return value.vms.map((vm) => ({ vm, host, options: vm.iommu.options }));
}

/** What one law of an IOMMU plugin finds of VMs on a host: of those whose plugins it is a law of. */
export const check = (law: PluginLaw<DomainContext>, vms: Vms, on: HostBuilder): Diagnostic[] =>
  domains(vms, on)
    .filter(({ vm }) => domainLaws(vm.iommu.plugins).some((one) => one.law === law))
    .flatMap((context) => [...law.check(context)]);

/** The same, reduced to what tests assert: severity, code and place. */
export const report = (...args: Parameters<typeof check>): string[] => check(...args).map(lineOf);
