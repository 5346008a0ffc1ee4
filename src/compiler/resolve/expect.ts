import type { DeviceManifest, Diagnostic, HostDevice, Manifest, Path, PciDevice } from '../../model/index.ts';
import { describeDevice, isPci, unreachable } from '../../model/index.ts';
import { deviceChanged } from './diagnostics.ts';
import { type Lookup, serialsOf } from './lookup.ts';
import { noSerials } from './select.ts';

type Expect = NonNullable<DeviceManifest['expect']>;
type Key = 'id' | 'subsystem' | 'class' | 'serial' | 'driver';
const KEYS: readonly Key[] = ['id', 'subsystem', 'class', 'serial', 'driver'];

/** What a device has of each; null where its bus knows no such thing, which is a finding of its own. */
function foundIn(key: Key, device: HostDevice): string | null {
  switch (key) {
    case 'serial':
      return serialsOf(device).join(', ') || 'no serial number';
    case 'driver':
      return device.driver ?? 'no driver';
    case 'id':
    case 'subsystem':
    case 'class':
      return isPci(device) ? foundInPci(key, device) : null;
    default:
      return unreachable(key);
  }
}

function foundInPci(key: 'id' | 'subsystem' | 'class', { vendor, device, subsystem, class: code }: PciDevice): string {
  if (key === 'class') return code;
  if (key === 'id') return `${vendor}:${device}`;
  return subsystem ? `${subsystem.vendor}:${subsystem.device}` : 'no subsystem';
}

function holds(key: Key, wanted: string, found: string, device: HostDevice): boolean {
  switch (key) {
    case 'class':
      return found.startsWith(wanted.toLowerCase());
    case 'serial':
      return serialsOf(device).includes(wanted.toLowerCase());
    case 'driver':
      return device.driver === wanted;
    case 'id':
    case 'subsystem':
      return found === wanted.toLowerCase();
    default:
      return unreachable(key);
  }
}

/** Checks a device against what its entry at `path` expects of it. */
export function checkExpectations(
  expect: Expect,
  device: HostDevice,
  path: Path,
  manifest: Manifest,
  lookup: Lookup,
): Diagnostic[] {
  const found: Diagnostic[] = [];
  for (const key of KEYS) {
    const wanted = expect[key];
    const has = foundIn(key, device);
    if (wanted === undefined || has === null || holds(key, wanted, has, device)) continue;
    const at = manifest.at([...path, 'expect', key]);
    if (key === 'serial' && lookup.bySerial().size === 0) {
      found.push(noSerials(`the expected serial ${wanted}`, at));
      continue;
    }
    const detail = `${device.address} was expected to have ${key} ${wanted}, and has ${has}. Another device may have moved to this place: find the one you mean with "vfio-compose inspect devices", or correct expect if the change was meant.`;
    found.push(deviceChanged({ detail, at, related: [{ message: `found: ${describeDevice(device)}` }] }));
  }
  return found;
}
