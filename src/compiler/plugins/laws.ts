import {
  type Diagnostic,
  domainLaws,
  type HostIndex,
  type Plugin,
  pluginId,
  type PluginLaw,
  type PluginSet,
  type ResolvedManifest,
  type Span,
} from '../../model/index.ts';
import { pluginFailed } from './diagnostics.ts';
import { guarded } from './guarded.ts';
import { targetOf } from './target.ts';

/** What the laws of a manifest's plugins find: those of its IOMMUs for each VM, those of its reset plugins for each device. */
export function checkPluginLaws(manifest: ResolvedManifest, host: HostIndex, plugins: PluginSet): Diagnostic[] {
  return manifest.vms.flatMap((vm) => {
    const { iommu } = vm;
    const context = { vm, host, options: iommu.options };
    const ofDomain = domainLaws(iommu.plugins).flatMap(({ plugin, law }) =>
      check(plugin, [law], context, iommu.at, plugins),
    );
    const ofDevices = vm.devices.flatMap((entry) => {
      const { resetBy } = entry;
      if (!resetBy?.plugin.laws || entry.use !== 'assign') return [];
      const { plugin, options, at } = resetBy;
      const target = targetOf(entry, manifest, host);
      return check(plugin, plugin.laws ?? [], { target, entry, options }, at, plugins);
    });
    return [...ofDomain, ...ofDevices];
  });
}

function check<Context>(
  plugin: Plugin,
  laws: readonly PluginLaw<Context>[],
  context: Context,
  at: Span,
  plugins: PluginSet,
): Diagnostic[] {
  return laws.flatMap((law) => {
    const answer = guarded(plugins, plugin, `law ${law.id}`, () => [...law.check(context)]);
    if ('fault' in answer) return [pluginFailed({ detail: `${answer.fault}.`, at })];
    const known = new Set<string | undefined>(law.reports.map(({ code }) => code));
    // A plugin may be written in JavaScript, and find what is no finding.
    const codes = (answer.value as readonly (Diagnostic | null | undefined)[]).map((found) => found?.code);
    const strange = codes.findIndex((code) => !known.has(code));
    if (strange < 0) return answer.value;
    const detail = `plugin ${pluginId(plugin)}@${plugin.version}: its law ${law.id} reports ${codes[strange] ?? 'no diagnostic'}, which it does not declare.`;
    return [pluginFailed({ detail, at })];
  });
}
