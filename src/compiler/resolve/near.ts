import { describeDevice, nearNames, parseBdf, slotOf } from '../../model/index.ts';
import type { Bdf, HostDevice, PciDevice, Related } from '../../model/index.ts';
import type { Lookup } from './lookup.ts';

const LISTED = 5;

/** Devices as lines below a diagnostic, at most `limit` of them, and how many more there are. */
export function listDevices(devices: readonly HostDevice[], limit: number): Related[] {
  const listed = devices.slice(0, limit).map((device) => ({ message: describeDevice(device) }));
  return devices.length > limit ? [...listed, { message: `… and ${devices.length - limit} more` }] : listed;
}

/** Devices whose address is nearly this one: the slot, one hexadecimal digit away, or on the same bus (R-NAME-3). */
export function nearAddress(address: Bdf, lookup: Lookup): PciDevice[] {
  const bus = lookup.byBus().get(address.slice(0, -5)) ?? [];
  const sameSlot = bus.filter((device) => slotOf(device.address) === slotOf(address));
  const oneDigitOff = [...oneDigitAway(address)]
    .map((other) => lookup.host.pciByAddress.get(other))
    .filter((device) => device !== undefined);
  return [...new Set([...sameSlot, ...oneDigitOff, ...bus])].slice(0, LISTED);
}

function* oneDigitAway(address: Bdf): Iterable<Bdf> {
  for (let at = address.length - 1; at >= 0; at--) {
    if (address[at] === ':' || address[at] === '.') continue;
    for (const digit of '0123456789abcdef') {
      const other = parseBdf(`${address.slice(0, at)}${digit}${address.slice(at + 1)}`);
      if (other !== undefined && other !== address) yield other;
    }
  }
}

/** Devices under names that are nearly this one. */
export function nearNamed(name: string, table: ReadonlyMap<string, readonly HostDevice[]>): Related[] {
  return nearNames(name, table.keys()).flatMap((near) =>
    (table.get(near) ?? []).slice(0, 1).map((device) => ({ message: `${near}: ${describeDevice(device)}` })),
  );
}

/** Devices of the same vendor. */
export const nearId = (id: string, lookup: Lookup): Related[] =>
  listDevices(lookup.byVendor().get(id.slice(0, 4)) ?? [], LISTED);

export const nearByAddress = (address: Bdf, lookup: Lookup): Related[] =>
  listDevices(nearAddress(address, lookup), LISTED);
