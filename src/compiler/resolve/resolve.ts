import { isPci, PCI_INTERRUPTS } from '../../model/index.ts';
import { DeviceFinder, type FoundEntry } from './find-devices.ts';
import type {
  DeviceManifest,
  Diagnostic,
  HostIndex,
  Manifest,
  Path,
  ResolvedDevice,
  ResolvedManifest,
  ResolvedPciDevice,
  ResolvedVm,
  Result,
  VmManifest,
} from '../../model/index.ts';
import { resolveHandoff, resolveIommu, resolveMemory } from './vm-settings.ts';
import { type Sibling, siblingsOf } from './group-siblings.ts';
import { lookupOf } from './lookup.ts';
import { vmWithoutDevices } from './diagnostics.ts';

/** The VFIO driver of PCI devices that need no vendor's own. */
const USUAL_DRIVER = 'vfio-pci';

/**
 * Binds every name of a manifest to a device of the host and writes every default out. The value is there even with
 * errors, holding what could be resolved, so that the rules can find what else is wrong.
 *
 * @param manifest of the right shape: one selector to an entry, sizes that fit 64 bits
 */
export function resolveManifest(manifest: Manifest, host: HostIndex): Result<ResolvedManifest> {
  const finder = new DeviceFinder(manifest, lookupOf(host));
  const vms = Object.entries(manifest.document.vms ?? {});
  const found = vms.map(([name, vm]) =>
    Object.entries(vm.devices).map(([device, value]) => finder.find(name, device, value)),
  );
  const siblings = siblingsOf(found.flat(), host);
  const diagnostics = [...finder.diagnostics];
  const resolved = vms.map(([name, vm], index) => {
    const entries = found[index] ?? [];
    diagnostics.push(...checkNotEmpty(name, entries, manifest));
    const devices = entries.flatMap((entry) => resolveEntry(entry, siblings.get(entry) ?? [], manifest));
    return resolveVm(name, vm, devices, manifest, host);
  });
  return { value: { name: manifest.name, vms: resolved }, diagnostics };
}

function resolveVm(
  name: string,
  vm: VmManifest,
  devices: readonly ResolvedDevice[],
  manifest: Manifest,
  host: HostIndex,
): ResolvedVm {
  const path: Path = ['vms', name];
  return {
    name,
    at: manifest.keyAt(path),
    iommu: resolveIommu(vm, path, manifest),
    handoff: resolveHandoff(vm, path, manifest),
    memory: resolveMemory(vm, path, manifest, host),
    msi: { banks: vm.msi?.banks ?? 0, at: manifest.at([...path, 'msi']) },
    devices,
  };
}

function checkNotEmpty(vm: string, entries: readonly FoundEntry[], manifest: Manifest): Diagnostic[] {
  if (entries.some((entry) => !entry.leftOut)) return [];
  const detail = `Every device of ${vm} is optional and the host has none of them, so nothing is left to set up. Remove "optional" from what it cannot do without, or remove the VM.`;
  return [vmWithoutDevices({ detail, at: manifest.keyAt(['vms', vm]) })];
}

/** The devices that an entry stands for, then those that it brings along. */
function resolveEntry(entry: FoundEntry, siblings: readonly Sibling[], manifest: Manifest): ResolvedDevice[] {
  const common = commonOf(entry.settings, entry, manifest);
  const several = entry.devices.length > 1;
  const named = entry.devices.map(({ device, origin }) => ({
    ...common,
    name: several ? `${entry.name}@${device.address}` : entry.name,
    device,
    origin,
  }));
  const brought = siblings.flatMap(({ device, of }): ResolvedDevice[] => {
    if (!isPci(device)) return [];
    const alike = isPci(of) && device.vendor === of.vendor && device.device === of.device;
    return [{
      ...common,
      name: `${entry.name}@${device.address}`,
      device,
      origin: { kind: 'group-sibling', of },
      use: common.groupPolicy === 'detach' ? 'detach' : 'assign',
      // A vendor's VFIO driver takes that vendor's functions only; interrupts and a guest address are for the one named.
      driver: alike ? common.driver : USUAL_DRIVER,
      irqs: [],
      guest: { placement: common.guest.placement, address: null },
      // Taking a device that the host uses is allowed for the one named (R-BIND-5), not for what it brings along.
      inUse: 'refuse',
    }];
  });
  return [...named, ...brought];
}

function commonOf(
  settings: DeviceManifest,
  entry: FoundEntry,
  manifest: Manifest,
): Omit<ResolvedPciDevice, 'name' | 'device' | 'origin'> {
  const { reset = {}, guest = {}, irqs = [] } = settings;
  return {
    bus: 'pci',
    vm: entry.vm,
    use: 'assign',
    driver: settings.driver ?? USUAL_DRIVER,
    reset: typeof reset === 'string' ? reset : (reset.policy ?? 'required'),
    groupPolicy: settings.group ?? 'strict',
    irqs: irqs.flatMap(({ index, count = 1 }, position) => {
      const kind = PCI_INTERRUPTS.find((one) => one === index);
      return kind ? [{ index: kind, count, at: manifest.at([...entry.path, 'irqs', position]) }] : [];
    }),
    guest: { placement: guest.placement ?? 'function', address: guest.address ?? null },
    inUse: settings.inUse ?? 'refuse',
    at: entry.at,
    selectorAt: entry.selectorAt,
  };
}
