import {
  type Diagnostic,
  type HostIndex,
  pluginId,
  type PluginSet,
  type ResetAction,
  type ResetMoment,
  type ResetTarget,
  type ResolvedDevice,
  type ResolvedManifest,
  type ResolvedReset,
  type Result,
} from '../../model/index.ts';
import { askDomain } from './ask-domain.ts';
import type { Asked, AskedDevice, AskedDomain, Program } from './asked.ts';
import { faultOfProgram } from './check-program.ts';
import { faultOfSilence } from './check-silence.ts';
import { pluginFailed, pluginNonsense } from './diagnostics.ts';
import { guarded } from './guarded.ts';
import { targetOf } from './target.ts';

/**
 * Asks the plugins of a manifest for their steps, and holds what they say against what they are about. A plugin that fails
 * or returns nonsense is named; nothing of it reaches the plan.
 */
export function askPlugins(manifest: ResolvedManifest, host: HostIndex, plugins: PluginSet): Result<Asked> {
  const diagnostics: Diagnostic[] = [];
  const domains = new Map<ResolvedManifest['vms'][number], AskedDomain>();
  const devices = new Map<ResolvedDevice, AskedDevice>();
  const asked = new Map<string, string>();
  for (const vm of manifest.vms) {
    for (const plugin of vm.iommu.plugins) asked.set(pluginId(plugin), plugin.version);
    const domain = askDomain(vm, host, plugins);
    diagnostics.push(...domain.diagnostics);
    if (domain.value) domains.set(vm, domain.value);
    for (const entry of vm.devices) {
      const { resetBy } = entry;
      if (!resetBy || entry.use !== 'assign') continue;
      asked.set(pluginId(resetBy.plugin), resetBy.plugin.version);
      const answer = askDevice(entry, resetBy, targetOf(entry, manifest, host), plugins);
      diagnostics.push(...answer.diagnostics);
      if (answer.value) devices.set(entry, answer.value);
    }
  }
  if (diagnostics.length > 0) return { diagnostics };
  const list = [...asked].map(([name, version]) => ({ name, version })).sort((a, b) => (a.name < b.name ? -1 : 1));
  return { value: { domains, devices, plugins: list }, diagnostics };
}

function askDevice(
  entry: ResolvedDevice,
  resetBy: ResolvedReset,
  target: ResetTarget,
  plugins: PluginSet,
): Result<AskedDevice> {
  const diagnostics: Diagnostic[] = [];
  const { plugin, options } = resetBy;
  const ask = (hook: string, run: () => readonly ResetAction[]): readonly ResetAction[] => {
    const answer = guarded(plugins, plugin, hook, run);
    if ('fault' in answer) {
      diagnostics.push(
        pluginFailed({ detail: `${answer.fault} (asked about ${entry.device.address}).`, at: resetBy.at }),
      );
      return [];
    }
    const fault = faultOfProgram(answer.value, target);
    if (fault === undefined) return answer.value;
    const detail = `plugin ${pluginId(plugin)}@${plugin.version}, ${hook} of ${entry.device.address}: ${fault}.`;
    diagnostics.push(pluginNonsense({ detail, at: resetBy.at }));
    return [];
  };
  const at = (moment: ResetMoment): Program => ({
    quiesce: ask('quiesce', () => plugin.quiesce(target, options, moment)),
    // `reset: none` is about the reset: silencing a device before somebody else gets it is never left out.
    reset: entry.reset === 'none' ? [] : ask('reset', () => plugin.reset?.(target, options, moment) ?? []),
  });
  const value = {
    plugin: pluginId(plugin),
    beforeUse: at('before-use'),
    afterUse: at('after-use'),
    afterCrash: at('after-crash'),
  };
  if (diagnostics.length > 0) return { diagnostics };
  const silencing = {
    'before-use': value.beforeUse.quiesce,
    'after-use': value.afterUse.quiesce,
    'after-crash': value.afterCrash.quiesce,
  };
  const fault = faultOfSilence(silencing, entry.bus === 'pci');
  if (fault === undefined) return { value, diagnostics };
  const detail = `plugin ${value.plugin}@${plugin.version}, quiesce of ${entry.device.address}: ${fault}.`;
  return { diagnostics: [pluginNonsense({ detail, at: resetBy.at })] };
}
