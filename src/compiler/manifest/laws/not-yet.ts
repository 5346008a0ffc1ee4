import type { Diagnostic, Path } from '../../../model/index.ts';
import { type Entry, entryOf, type MapNode, type Node, spanOf } from '../../source/index.ts';
import { notYetSupported } from '../diagnostics.ts';
import { devicesOf, type Law, type Part, vmsOf } from './law.ts';

interface NotYet {
  readonly path: Path;
  readonly at: Node['at'];
  readonly detail: string;
}

const PLATFORM = 'Today only PCI devices can be assigned: leave the device out.';

const DEVICE_KEYS: Readonly<Record<string, string>> = {
  platform: `"platform" will select a device-tree device by its name, path or alias. ${PLATFORM}`,
  children: `"children" will choose which children of a platform device go with it. ${PLATFORM}`,
  regions: `"regions" will choose the register regions of a platform device, and demand that they are cacheable. ${PLATFORM}`,
  ranges: `"ranges" will say whether a platform device's address translation is shown to its new owner. ${PLATFORM}`,
  interruptMap: `"interruptMap" will say whether a platform device's interrupt map is shown to its new owner. ${PLATFORM}`,
};

const RESET_KEYS: Readonly<Record<string, string>> = {
  plugin:
    '"plugin" will name the plugin that resets the device. Today a PCI device is reset by what the kernel has for it: leave the key out.',
  options: '"options" will be handed to the reset plugin. There are none yet: leave the key out.',
};

const NO_IOMMU =
  'The type "noiommu" will give a device out without any isolation, where the manifest and the kernel both say so. Today every device needs an IOMMU: turn it on in the firmware and on the kernel command line, and use "type1v2".';

/** What the language has and this version does not carry out. Refused always: silence would be a wrong assignment. */
function notYetIn(root: MapNode): NotYet[] {
  return vmsOf(root).flatMap((vm) => [...iommu(vm), ...devicesOf(vm).flatMap(device)]);
}

function iommu(vm: Part): NotYet[] {
  const entry = entryOf(vm.map, 'iommu');
  const inner = entry?.value.kind === 'map' ? entryOf(entry.value, 'type') : undefined;
  const type = (inner ?? entry)?.value;
  if (type?.kind !== 'scalar' || type.raw !== 'noiommu') return [];
  return [{ path: [...vm.path, 'iommu', ...(inner ? ['type'] : [])], at: type.at, detail: NO_IOMMU }];
}

function device({ map, path }: Part): NotYet[] {
  const reset = entryOf(map, 'reset')?.value;
  const inReset = reset?.kind === 'map' ? matches(reset.entries, RESET_KEYS, [...path, 'reset']) : [];
  return [...matches(map.entries, DEVICE_KEYS, path), ...inReset];
}

function matches(entries: readonly Entry[], keys: Readonly<Record<string, string>>, path: Path): NotYet[] {
  return entries.flatMap(({ key, keyAt }) => {
    const detail = Object.hasOwn(keys, key) ? keys[key] : undefined;
    return detail === undefined ? [] : [{ path: [...path, key], at: keyAt, detail }];
  });
}

/** Where {@link notYet} speaks, so that nothing else need be said about the form of what stands there. */
export const notYetPaths = (root: MapNode): Path[] => notYetIn(root).map(({ path }) => path);

export const notYet: Law = ({ root }): Diagnostic[] =>
  notYetIn(root).map(({ at, detail }) => notYetSupported({ detail, at: spanOf(at) }));
