import { expandChildren } from './child-devices.ts';
import { resolveEntry } from './entry-devices.ts';
import { DeviceFinder, type FoundEntry } from './find-devices.ts';
import { checkKeys } from './keys-of-bus.ts';
import type {
  Diagnostic,
  HostIndex,
  Manifest,
  Path,
  PluginSet,
  ResolvedDevice,
  ResolvedManifest,
  ResolvedVm,
  Result,
  VmManifest,
} from '../../model/index.ts';
import { chooseIommu } from '../plugins/choose-iommu.ts';
import { resolveRun } from './run-settings.ts';
import { resolveHandoff, resolveMemory } from './vm-settings.ts';
import { siblingsOf } from './group-siblings.ts';
import { lookupOf } from './lookup.ts';
import { vmWithoutDevices } from './diagnostics.ts';
import { resolveVirtualFunctions } from './virtual-functions.ts';

/**
 * Binds every name of a manifest to a device of the host, or to a plugin, and writes every default out. The value is there even with
 * errors, holding what could be resolved, so that the rules can find what else is wrong.
 *
 * @param manifest of the right shape: one selector to an entry, sizes that fit 64 bits
 */
export function resolveManifest(manifest: Manifest, host: HostIndex, plugins: PluginSet): Result<ResolvedManifest> {
  const lookup = lookupOf(host);
  const finder = new DeviceFinder(manifest, lookup);
  const vms = Object.entries(manifest.document.vms ?? {});
  const found = vms.flatMap(([name, vm]) =>
    Object.entries(vm.devices).map(([device, value]) => finder.find(name, device, value)),
  );
  const { entries, diagnostics: ofChildren } = expandChildren(found, host, manifest);
  const siblings = siblingsOf(entries, host);
  const diagnostics = [...finder.diagnostics, ...found.flatMap((entry) => checkKeys(entry, manifest)), ...ofChildren];
  const byVm = groupByVm(entries);
  const resolved = vms.map(([name, vm]) => {
    const own = byVm.get(name) ?? [];
    diagnostics.push(...checkNotEmpty(name, own, manifest));
    const devices = own.flatMap((entry) => {
      const one = resolveEntry(entry, siblings.get(entry) ?? [], { manifest, host, plugins });
      diagnostics.push(...one.diagnostics);
      return one.devices;
    });
    const { iommu, diagnostics: ofIommu } = chooseIommu(vm, ['vms', name], manifest, host, plugins);
    diagnostics.push(...ofIommu);
    return resolveVm(name, vm, devices, iommu, manifest, host);
  });
  const { found: virtualFunctions, diagnostics: ofPfs } = resolveVirtualFunctions(manifest, lookup);
  diagnostics.push(...ofPfs);
  return { value: { name: manifest.name, vms: resolved, virtualFunctions }, diagnostics };
}

function groupByVm<T extends FoundEntry>(entries: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const entry of entries) {
    const group = groups.get(entry.vm);
    if (group) group.push(entry);
    else groups.set(entry.vm, [entry]);
  }
  return groups;
}

function resolveVm(
  name: string,
  vm: VmManifest,
  devices: readonly ResolvedDevice[],
  iommu: ResolvedVm['iommu'],
  manifest: Manifest,
  host: HostIndex,
): ResolvedVm {
  const path: Path = ['vms', name];
  return {
    name,
    at: manifest.keyAt(path),
    iommu,
    handoff: resolveHandoff(vm, path, manifest),
    memory: resolveMemory(vm, path, manifest, host),
    msi: { banks: vm.msi?.banks ?? 0, at: manifest.at([...path, 'msi']) },
    devices,
    run: resolveRun(vm, path, manifest),
  };
}

function checkNotEmpty(vm: string, entries: readonly FoundEntry[], manifest: Manifest): Diagnostic[] {
  if (entries.some((entry) => !entry.leftOut)) return [];
  const detail = `Every device of ${vm} is optional and the host has none of them, so nothing is left to set up. Remove "optional" from what it cannot do without, or remove the VM.`;
  return [vmWithoutDevices({ detail, at: manifest.keyAt(['vms', vm]) })];
}
