import type { DeviceManifest, Diagnostic, Manifest, Path, PciDevice } from '../../model/index.ts';
import { describeDevice } from '../../model/index.ts';
import { deviceChanged } from './diagnostics.ts';
import { type Lookup, serialsOf } from './lookup.ts';
import { noSerials } from './select.ts';

type Expect = NonNullable<DeviceManifest['expect']>;
type Key = 'id' | 'subsystem' | 'class' | 'serial' | 'driver';
const KEYS: readonly Key[] = ['id', 'subsystem', 'class', 'serial', 'driver'];

const FOUND: { readonly [K in Key]: (device: PciDevice) => string } = {
  id: (device) => `${device.vendor}:${device.device}`,
  subsystem: ({ subsystem }) => (subsystem ? `${subsystem.vendor}:${subsystem.device}` : 'no subsystem'),
  class: (device) => device.class,
  serial: (device) => serialsOf(device).join(', ') || 'no serial number',
  driver: (device) => device.driver ?? 'no driver',
};

function holds(key: Key, wanted: string, device: PciDevice): boolean {
  switch (key) {
    case 'class':
      return device.class.startsWith(wanted.toLowerCase());
    case 'serial':
      return serialsOf(device).includes(wanted.toLowerCase());
    case 'driver':
      return device.driver === wanted;
    case 'id':
    case 'subsystem':
      return FOUND[key](device) === wanted.toLowerCase();
  }
}

/** Checks a device against what its entry at `path` expects of it. */
export function checkExpectations(
  expect: Expect,
  device: PciDevice,
  path: Path,
  manifest: Manifest,
  lookup: Lookup,
): Diagnostic[] {
  const found: Diagnostic[] = [];
  for (const key of KEYS) {
    const wanted = expect[key];
    if (wanted === undefined || holds(key, wanted, device)) continue;
    const at = manifest.at([...path, 'expect', key]);
    if (key === 'serial' && lookup.bySerial().size === 0) {
      found.push(noSerials(`the expected serial ${wanted}`, at));
      continue;
    }
    const detail = `${device.address} was expected to have ${key} ${wanted}, and has ${FOUND[key](device)}. Another device may have moved to this place: find the one you mean with "vfio-compose inspect devices", or correct expect if the change was meant.`;
    found.push(deviceChanged({ detail, at, related: [{ message: `found: ${describeDevice(device)}` }] }));
  }
  return found;
}
