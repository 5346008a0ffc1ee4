import {
  type Diagnostic,
  type DomainContext,
  type DomainMapping,
  type DomainStep,
  type HostIndex,
  type IommuPlugin,
  pluginId,
  type PluginSet,
  type ResolvedDevice,
  type ResolvedVm,
  type Result,
} from '../../model/index.ts';
import type { AskedDomain } from './asked.ts';
import { faultOfDomainSteps, faultOfMappings, faultOfParameters } from './check-domain.ts';
import { pluginFailed, pluginNonsense } from './diagnostics.ts';
import { guarded } from './guarded.ts';

type Hook = 'parameters' | 'configure' | 'mappings' | 'complete';

/** Asks a VM's IOMMU plugin for its steps. What it leaves out is asked of the one that it builds on. */
export function askDomain(vm: ResolvedVm, host: HostIndex, plugins: PluginSet): Result<AskedDomain> {
  const diagnostics: Diagnostic[] = [];
  const context: DomainContext = { vm, host, options: vm.iommu.options };
  const ask = <T>(hook: Hook, check: (answer: unknown) => string | undefined): readonly T[] => {
    const plugin = vm.iommu.plugins.find((one) => one[hook]);
    if (!plugin) return [];
    const answer = guarded(plugins, plugin, hook, () => plugin[hook]?.(context));
    if ('fault' in answer) {
      diagnostics.push(pluginFailed({ detail: `${answer.fault} (asked about ${vm.name}).`, at: vm.iommu.at }));
      return [];
    }
    const fault = check(answer.value);
    if (fault === undefined) return answer.value as unknown as readonly T[];
    diagnostics.push(nonsense(plugin, `${hook} of ${vm.name}: ${fault}`, vm));
    return [];
  };
  const subjects = new Set<string>();
  const faultOfSteps = (answer: unknown) => faultOfDomainSteps(answer, subjects);
  const held = vm.handoff.mode === 'hold';
  const parameters = ask<AskedDomain['parameters'][number]>('parameters', faultOfParameters);
  // Of what is only bound, somebody else builds the domain.
  const configure = held ? ask<DomainStep>('configure', faultOfSteps) : [];
  const mappings =
    held && vm.iommu.isolates ? ask<DomainMapping>('mappings', (answer) => faultOfMappings(answer, vm)) : [];
  const complete = held ? ask<DomainStep>('complete', faultOfSteps) : [];
  const descriptions = new Map<ResolvedDevice, readonly string[]>();
  for (const entry of vm.devices.filter(({ use }) => use === 'assign')) {
    const plugin = vm.iommu.plugins.find((one) => one.describe);
    if (!plugin) break;
    const answer = guarded(plugins, plugin, 'describe', () => plugin.describe?.(entry.device, host) ?? []);
    if ('value' in answer && isLines(answer.value)) descriptions.set(entry, answer.value);
    else if ('fault' in answer) diagnostics.push(pluginFailed({ detail: `${answer.fault}.`, at: vm.iommu.at }));
    else diagnostics.push(nonsense(plugin, `describe of ${entry.device.address}: it is no list of short lines`, vm));
  }
  if (diagnostics.length > 0) return { diagnostics };
  const [first] = vm.iommu.plugins;
  const plugin = first ? pluginId(first) : '';
  return { value: { plugin, parameters, configure, mappings, complete, descriptions }, diagnostics };
}

const isLines = (lines: unknown): boolean =>
  Array.isArray(lines) && lines.length <= 32 && lines.every((line) => typeof line === 'string' && line.length <= 1024);

const nonsense = (plugin: IommuPlugin, what: string, vm: ResolvedVm): Diagnostic =>
  pluginNonsense({ detail: `plugin ${pluginId(plugin)}@${plugin.version}, ${what}.`, at: vm.iommu.at });
