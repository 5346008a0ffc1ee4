import type { Selector } from './selector.ts';
import type { Lookup } from './lookup.ts';
import { serialUnknown } from './diagnostics.ts';
import { diskNames } from './block-name.ts';
import { nearByAddress, nearId, nearNamed } from './near.ts';
import { isPci, parseBdf, unreachable } from '../../model/index.ts';
import type { Bdf, Diagnostic, PciDevice, Related, Span } from '../../model/index.ts';
import { byPlainName, byPlatformName, noPciAddress } from './select-platform.ts';
import type { Selection } from './selection.ts';
import { normalPath, readSysfsPath } from './sysfs-path.ts';

/** The class codes behind the common names of the schema. */
const CLASS_NAMES: Readonly<Record<string, string>> = {
  network: '02',
  display: '03',
  audio: '0403',
  storage: '01',
  nvme: '0108',
  usb: '0c03',
};

/** Finds the devices that a selector names, in order of address. */
export function select(selector: Selector, lookup: Lookup, at: Span): Selection {
  switch (selector.kind) {
    case 'pci':
      return byAddress(selector.text, lookup, at);
    case 'sysfs':
      return bySysfs(selector.text, lookup, at);
    case 'id': {
      const id = selector.text.toLowerCase();
      return { devices: lookup.byId().get(id) ?? [], near: () => nearId(id, lookup) };
    }
    case 'class': {
      const text = selector.text.toLowerCase();
      return { devices: lookup.byClass(CLASS_NAMES[text] ?? text) };
    }
    case 'netdev':
      return byNetdev(selector.text, lookup);
    case 'block':
      return byBlock(selector.text, lookup);
    case 'vf':
      return byVf(selector.pf, selector.number, lookup, at);
    case 'serial':
      return bySerial(selector.text, lookup, at);
    case 'topology':
      return byTopology(selector.text, lookup);
    case 'platform':
      return byPlatformName(selector.text, lookup, at);
    case 'plain':
      return selector.text.startsWith('/sys/')
        ? bySysfs(selector.text, lookup, at)
        : byPlainName(selector.text, lookup, at);
    default:
      return unreachable(selector);
  }
}

function byAddress(text: string, lookup: Lookup, at: Span): Selection {
  const address = parseBdf(text);
  if (address === undefined) return noPciAddress(text, at);
  const device = lookup.host.pciByAddress.get(address);
  return { devices: device ? [device] : [], near: () => nearByAddress(address, lookup) };
}

function bySysfs(text: string, lookup: Lookup, at: Span): Selection {
  // A platform device may stand below a PCI function, whose address is then the last one in the path.
  const exact = lookup.byPath().get(normalPath(text));
  if (exact) return { devices: [exact] };
  const name = readSysfsPath(text);
  switch (name?.kind) {
    case undefined:
      return byPlatformName(text, lookup, at);
    case 'device-path': {
      const device = lookup.byPath().get(name.path);
      return { devices: device ? [device] : [], near: () => nearPath(name.address, lookup) };
    }
    case 'address': {
      const device = lookup.host.pciByAddress.get(name.address);
      return { devices: device ? [device] : [], near: () => nearByAddress(name.address, lookup) };
    }
    case 'netdev':
      return byNetdev(name.name, lookup);
    case 'block':
      return byBlock(name.name, lookup);
    default:
      return unreachable(name);
  }
}

/** Another path to the same address comes first: a card that moved to another bridge may keep its bus number. */
function nearPath(address: Bdf, lookup: Lookup): Related[] {
  const moved = lookup.host.pciByAddress.get(address);
  return moved ? [{ message: `${address} is at ${moved.sysfsPath}` }] : nearByAddress(address, lookup);
}

function byNetdev(name: string, lookup: Lookup): Selection {
  const devices = lookup.byNetdev().get(name) ?? [];
  return { devices, near: () => nearNamed(name, lookup.byNetdev()) };
}

function byBlock(text: string, lookup: Lookup): Selection {
  const names = diskNames(text);
  const found = names.map((name) => lookup.byBlock().get(name)).find((devices) => devices !== undefined);
  return { devices: found ?? [], near: () => nearNamed(names[0] ?? text, lookup.byBlock()) };
}

function byTopology(text: string, lookup: Lookup): Selection {
  const [root = '', ...rest] = text.toLowerCase().split('/');
  const path = [root.includes(':') ? root : `0000:${root}`, ...rest].join('/');
  return { devices: lookup.byTopology().get(path) ?? [], near: () => nearNamed(path, lookup.byTopology()) };
}

function bySerial(text: string, lookup: Lookup, at: Span): Selection {
  if (lookup.bySerial().size === 0) return { devices: [], refused: noSerials(`serial ${text}`, at) };
  return { devices: lookup.bySerial().get(text.toLowerCase()) ?? [] };
}

/** The finding that a serial number is asked for where none are known. */
export const noSerials = (what: string, at: Span): Diagnostic =>
  serialUnknown({
    detail: `The inventory holds no serial numbers and no MAC addresses, so ${what} cannot be looked for. Take the snapshot with "vfio-compose capture --identifiers", or name the device in another way.`,
    at,
  });

function byVf(pf: string, number: number, lookup: Lookup, at: Span): Selection {
  const parents = parseBdf(pf) === undefined ? byNetdev(pf, lookup) : byAddress(pf, lookup, at);
  const parent = parents.devices.find(isPci);
  if (!parent) return { ...parents, devices: [], why: `Its PF ${pf} is not there.` };
  const devices = lookup.byVf().get(`${parent.address}/${number}`) ?? [];
  return { devices, why: whyNoVf(parent, number) };
}

function whyNoVf(pf: PciDevice, number: number): string {
  if (pf.sriov === null) return `${pf.address} has no SR-IOV capability.`;
  const { enabled, total } = pf.sriov;
  if (number >= total) return `${pf.address} has at most ${total} VFs, numbered from 0.`;
  const file = `/sys/bus/pci/devices/${pf.address}/sriov_numvfs`;
  if (enabled > 0)
    return `${pf.address} has ${enabled} of ${total} VFs switched on; write 0 and then ${number + 1} or more to ${file}.`;
  return `${pf.address} has none of its ${total} VFs switched on; let another project make them ("virtualFunctions"), or write ${number + 1} or more to ${file}.`;
}
