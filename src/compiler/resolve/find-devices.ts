import { byAddress, isPci } from '../../model/index.ts';
import type {
  Diagnostic,
  DiagnosticKind,
  HostDevice,
  Manifest,
  Origin,
  Path,
  PciDevice,
  Related,
  Span,
} from '../../model/index.ts';
import { type Entry, describeSelector, readEntry } from './selector.ts';
import { bridgeWithoutDevices, deviceAmbiguous, deviceNotFound, optionalDeviceAbsent } from './diagnostics.ts';
import { select } from './select.ts';
import type { Selection } from './selection.ts';
import type { Lookup } from './lookup.ts';
import { checkExpectations } from './expect.ts';
import { listDevices } from './near.ts';

/** An entry of the manifest with the devices that it stands for. */
export interface FoundEntry extends Entry {
  readonly vm: string;
  readonly name: string;
  readonly path: Path;
  readonly at: Span;
  readonly selectorAt: Span;
  readonly devices: readonly { readonly device: HostDevice; readonly origin: Origin }[];
  /** Nothing was found, and the manifest accepts that. */
  readonly leftOut: boolean;
}

type Choice = readonly HostDevice[] | 'left-out';

/** Comparing names with every name of a large host takes time; a person reads the first few. */
const NEAR_MATCHES_FOR = 20;
const MATCHES_LISTED = 20;

/** Finds the devices of the entries of a manifest. Keeps count of what it reported. */
export class DeviceFinder {
  readonly diagnostics: Diagnostic[] = [];
  #searches = 0;

  constructor(
    private readonly manifest: Manifest,
    private readonly lookup: Lookup,
  ) {}

  find(vm: string, name: string, value: Parameters<typeof readEntry>[0]): FoundEntry {
    const path = ['vms', vm, 'devices', name];
    const entry = readEntry(value, path);
    const selectorAt = this.manifest.at(entry.selector.path);
    const selection = select(entry.selector, this.lookup, selectorAt);
    const choice = this.#choose(entry, selection, selectorAt);
    const leftOut = choice === 'left-out';
    const chosen = leftOut ? [] : choice;
    const { expect } = entry.settings;
    if (expect) {
      for (const device of chosen) {
        this.diagnostics.push(...checkExpectations(expect, device, path, this.manifest, this.lookup));
      }
    }
    const named: Origin = { kind: entry.settings.all === true ? 'one-of-all' : 'named' };
    const devices = withoutRepeats(
      chosen.flatMap((device) =>
        isPci(device) && device.header === 'bridge' ? this.#below(device, selectorAt) : [{ device, origin: named }],
      ),
    );
    return { ...entry, vm, name, path, at: this.manifest.at(path), selectorAt, devices, leftOut };
  }

  /** Narrows the matches to those that the entry means. */
  #choose(entry: Entry, selection: Selection, at: Span): Choice {
    if (selection.refused) {
      this.diagnostics.push(selection.refused);
      return [];
    }
    const { slot, index, all } = entry.settings;
    const inSlot =
      slot === undefined
        ? selection.devices
        : selection.devices.filter((device) => isPci(device) && device.slot === String(slot));
    if (inSlot.length === 0) {
      const why =
        selection.devices.length > 0
          ? `None of the ${selection.devices.length} matches is in slot ${slot}.`
          : selection.why;
      const near = () => (selection.devices.length > 0 ? listed(selection.devices) : (selection.near?.() ?? []));
      return this.#absent(entry, at, why, near, selection.absentAs);
    }
    if (all === true) return inSlot;
    if (index !== undefined) {
      const device = inSlot[index];
      if (device) return [device];
      return this.#absent(
        entry,
        at,
        `There are only ${inSlot.length} matches, numbered from 0, and index is ${index}.`,
        () => listed(inSlot),
      );
    }
    if (inSlot.length === 1) return inSlot;
    const detail = `${inSlot.length} devices match ${describeSelector(entry.selector)}. Name one by its address (${addressOf(inSlot[0])})${narrowing(entry)}.`;
    this.diagnostics.push(deviceAmbiguous({ detail, at, related: listed(inSlot) }));
    return [];
  }

  #absent(
    entry: Entry,
    at: Span,
    why: string | undefined,
    near: () => Related[],
    kind: DiagnosticKind = deviceNotFound,
  ): Choice {
    const what = describeSelector(entry.selector);
    if (entry.settings.optional === true) {
      const detail = `The host has no ${what}; the plan is made without it.${why === undefined ? '' : ` ${why}`}`;
      this.diagnostics.push(optionalDeviceAbsent({ detail, at }));
      return 'left-out';
    }
    if (kind !== deviceNotFound) {
      this.diagnostics.push(kind({ detail: why ?? `The host has no device for ${what}.`, at }));
      return [];
    }
    const related = this.#searches++ < NEAR_MATCHES_FOR ? near() : [];
    const sentences = [
      `The host has no device for ${what}.`,
      ...(why === undefined ? [] : [why]),
      related.length > 0
        ? 'What comes near is listed below.'
        : 'See what there is with "vfio-compose inspect devices".',
      'A device that may be absent is marked "optional: true".',
    ];
    this.diagnostics.push(deviceNotFound({ detail: sentences.join(' '), at, related }));
    return [];
  }

  /** Every endpoint below a bridge, at any depth (R-GROUP-4). */
  #below(bridge: PciDevice, at: Span): FoundEntry['devices'] {
    const found: PciDevice[] = [];
    const open = [bridge];
    const visited = new Set<string>();
    for (let next = open.pop(); next; next = open.pop()) {
      // A snapshot may be wrong: two bridges at one path must not multiply what is below them.
      if (visited.has(next.sysfsPath)) continue;
      visited.add(next.sysfsPath);
      for (const device of this.lookup.host.below.get(next.sysfsPath) ?? []) {
        (device.header === 'bridge' ? open : found).push(device);
      }
    }
    if (found.length === 0) {
      const detail = `${bridge.address} is a bridge, and naming a bridge takes the endpoints below it; there are none. Its slot may be empty or switched off. Name another bridge, or the device itself.`;
      this.diagnostics.push(bridgeWithoutDevices({ detail, at }));
    }
    return found.sort(byAddress).map((device) => ({ device, origin: { kind: 'below-bridge', bridge } }));
  }
}

const addressOf = (device: HostDevice | undefined): string =>
  device ? `${isPci(device) ? 'pci' : 'platform'}: ${device.address}` : '';

const listed = (devices: readonly HostDevice[]): Related[] => listDevices(devices, MATCHES_LISTED);

/** A device that an entry reaches in two ways, such as below two nested bridges, is meant once. */
function withoutRepeats(devices: FoundEntry['devices']): FoundEntry['devices'] {
  const byDevice = new Map<HostDevice, FoundEntry['devices'][number]>();
  for (const found of devices) if (!byDevice.has(found.device)) byDevice.set(found.device, found);
  return [...byDevice.values()];
}

/** Ways to narrow that the selector allows. */
function narrowing(entry: Entry): string {
  const { kind } = entry.selector;
  if (kind !== 'id' && kind !== 'class') return '';
  return ', narrow the match with "index: 0" (in the order of the list) or "slot", or take every match with "all: true"';
}
