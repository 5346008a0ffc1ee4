import { isPci, parseBdf, virtualFunctionAddress } from '../../model/index.ts';
import type { Diagnostic, Manifest, Path, PciDevice, ResolvedVirtualFunctions } from '../../model/index.ts';
import { deviceNotFound, vfOfSameProject } from './diagnostics.ts';
import type { Lookup } from './lookup.ts';
import { select } from './select.ts';
import { describeSelector, readEntry } from './selector.ts';

/** Finds the physical functions that are to have VFs. */
export function resolveVirtualFunctions(
  manifest: Manifest,
  lookup: Lookup,
): { readonly found: ResolvedVirtualFunctions[]; readonly diagnostics: Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const found = Object.entries(manifest.document.virtualFunctions ?? {}).flatMap(([name, { count, ...named }]) => {
    const path: Path = ['virtualFunctions', name];
    const { selector } = readEntry(named, path);
    const selectorAt = manifest.at(selector.path);
    const selection = select(selector, lookup, selectorAt);
    const [device] = selection.devices;
    if (device && isPci(device)) {
      return [{ name, device, count, at: manifest.at(path), selectorAt, countAt: manifest.at([...path, 'count']) }];
    }
    const detail = `The host has no PCI function for ${describeSelector(selector)}. See what there is with "vfio-compose inspect devices".`;
    const related = selection.near?.() ?? [];
    diagnostics.push(selection.refused ?? deviceNotFound({ detail, at: selectorAt, related }));
    return [];
  });
  return { found, diagnostics: [...diagnostics, ...found.flatMap((entry) => usedHere(entry, manifest))] };
}

/** The entries of the same manifest that mean VFs which are not there yet: their groups cannot be planned with. */
function usedHere(entry: ResolvedVirtualFunctions, manifest: Manifest): Diagnostic[] {
  const { device: pf } = entry;
  if (pf.sriov?.enabled !== 0) return [];
  const names: ReadonlySet<string> = new Set([pf.address, ...pf.netdevs.map(({ name }) => name)]);
  const addresses = addressesOf(pf, entry.count);
  return Object.entries(manifest.document.vms ?? {}).flatMap(([vm, { devices }]) =>
    Object.entries(devices).flatMap(([name, value]) => {
      const { selector } = readEntry(value, ['vms', vm, 'devices', name]);
      const isMade =
        selector.kind === 'vf'
          ? selector.number < entry.count && names.has(parseBdf(selector.pf) ?? selector.pf)
          : selector.kind === 'pci' && addresses.has(parseBdf(selector.text) ?? '');
      if (!isMade) return [];
      const detail = `${name} of ${vm} is a VF that ${entry.name} of this project makes; its IOMMU group is known only then. Bring up a project with "virtualFunctions" first, and assign its VFs in another.`;
      const related = [{ message: `${entry.name} makes it`, at: entry.at }];
      return [vfOfSameProject({ detail, at: manifest.at(selector.path), related })];
    }),
  );
}

/** Where the VFs will be; empty where the host does not tell. */
function addressesOf(pf: PciDevice, count: number): ReadonlySet<string> {
  const { offset, stride } = pf.sriov ?? {};
  if (offset === undefined || stride === undefined) return new Set();
  return new Set(Array.from({ length: count }, (_, i) => virtualFunctionAddress(pf.address, { offset, stride }, i)));
}
