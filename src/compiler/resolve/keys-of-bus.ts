import { isPci } from '../../model/index.ts';
import type { DeviceManifest, Diagnostic, Manifest, Path } from '../../model/index.ts';
import { keyNotForBus } from './diagnostics-of-parts.ts';
import type { FoundEntry } from './find-devices.ts';

/** Finds keys of an entry that mean nothing for the devices that it stands for. */
export function checkKeys(entry: FoundEntry, manifest: Manifest): Diagnostic[] {
  const { settings, path, devices } = entry;
  const pci = devices.find(({ device }) => isPci(device))?.device;
  const other = devices.find(({ device }) => !isPci(device))?.device;
  const misplaced = (keys: readonly Path[], why: string): Diagnostic[] =>
    keys.map((key) => {
      const written = key.filter((part) => typeof part === 'string').join('.');
      const detail = `"${written}" is only for ${why}. Leave it out, or look whether "${entry.name}" names the device that is meant.`;
      return keyNotForBus({ detail, at: manifest.keyAt([...path, ...key]) });
    });
  return [
    ...(pci ? misplaced(platformKeys(settings), `devices of a device tree, and ${pci.address} is a PCI function`) : []),
    ...(other ? misplaced(pciKeys(settings), `PCI functions, and ${other.address} is on the bus ${other.bus}`) : []),
  ];
}

/** What the entry says that only a platform device has. */
function platformKeys(settings: DeviceManifest): Path[] {
  const { guest = {}, irqs = [] } = settings;
  return [
    ...(['children', 'regions', 'ranges', 'interruptMap'] as const)
      .filter((key) => settings[key] !== undefined)
      .map((key) => [key]),
    ...(['base', 'interrupt'] as const).filter((key) => guest[key] !== undefined).map((key) => ['guest', key]),
    ...irqs.flatMap(({ unmask }, index) => (unmask === undefined ? [] : [['irqs', index, 'unmask']])),
  ];
}

/** What the entry says that only a PCI function has. */
function pciKeys({ guest = {}, irqs = [], expect = {} }: DeviceManifest): Path[] {
  return [
    ...(['placement', 'address'] as const).filter((key) => guest[key] !== undefined).map((key) => ['guest', key]),
    ...irqs.flatMap(({ count = 1 }, index) => (count === 1 ? [] : [['irqs', index, 'count']])),
    ...(['id', 'subsystem', 'class'] as const).filter((key) => expect[key] !== undefined).map((key) => ['expect', key]),
  ];
}
