import { didYouMean, isPci, PCI_INTERRUPTS } from '../../model/index.ts';
import type {
  DeviceManifest,
  Diagnostic,
  HostDevice,
  HostIndex,
  Manifest,
  Origin,
  PluginSet,
  ResolvedDevice,
  ResolvedPciDevice,
  ResolvedPlatformDevice,
} from '../../model/index.ts';
import { chooseReset } from '../plugins/choose-reset.ts';
import type { ExpandedEntry } from './child-devices.ts';
import { irqUnknown } from './diagnostics-of-parts.ts';
import type { FoundEntry } from './find-devices.ts';
import type { Sibling } from './group-siblings.ts';
import { plainPlatformSettings, resolvePlatformSettings } from './platform-settings.ts';

/** The VFIO drivers of devices that need no vendor's own. */
const USUAL_DRIVERS: { readonly [B in HostDevice['bus']]: string } = {
  pci: 'vfio-pci',
  platform: 'vfio-platform',
  amba: 'vfio-amba',
  'fsl-mc': 'vfio-fsl-mc',
  cdx: 'vfio-cdx',
};

type Common = Omit<ResolvedPciDevice, 'bus' | 'device' | 'origin' | 'name' | 'irqs' | 'guest' | 'driver' | 'resetBy'>;

/** What entries are resolved with. */
export interface Known {
  readonly manifest: Manifest;
  readonly host: HostIndex;
  readonly plugins: PluginSet;
}

interface Found {
  readonly devices: readonly ResolvedDevice[];
  readonly diagnostics: readonly Diagnostic[];
}

/** The devices that an entry stands for, with their children, then those that it brings along. */
export function resolveEntry(entry: ExpandedEntry, siblings: readonly Sibling[], known: Known): Found {
  const { manifest, host } = known;
  const common = commonOf(entry);
  const several = entry.devices.filter(({ origin }) => origin.kind !== 'child').length > 1;
  const pciIrqs = entry.devices.some(({ device }) => isPci(device)) ? resolvePciIrqs(entry, manifest) : NO_IRQS;
  const diagnostics: Diagnostic[] = [...pciIrqs.diagnostics];
  const named = entry.devices.map(({ device, origin }): ResolvedDevice => {
    const child = origin.kind === 'child';
    const name = several || child ? `${entry.name}@${device.address}` : entry.name;
    // What an entry says is for the device that it names: a child that comes with it has the defaults of its bus.
    const driver = (child ? undefined : entry.settings.driver) ?? USUAL_DRIVERS[device.bus];
    const { resetBy, diagnostics: ofReset } = chooseReset(
      device,
      child ? {} : entry.settings,
      { path: entry.path, manifest },
      host,
      known.plugins,
    );
    diagnostics.push(...ofReset);
    const shared = { ...common, ...(child ? { inUse: 'refuse' as const } : {}), name, driver, origin, resetBy };
    if (isPci(device)) return { ...shared, bus: 'pci', device, irqs: pciIrqs.found, guest: guestOf(entry.settings) };
    const place = { path: entry.path, manifest };
    const own = child ? undefined : resolvePlatformSettings(entry.settings, device, host, place);
    diagnostics.push(...(own?.diagnostics ?? []));
    const settings = own?.settings ?? plainPlatformSettings(place);
    return { ...shared, ...settings, bus: device.bus, device, children: childrenOf(entry, device, manifest) };
  });
  const brought = siblings.map((sibling) => {
    // What the manifest says of a reset is about the device that it names; what comes along has the plugin that matches it.
    const { resetBy, diagnostics: ofReset } = chooseReset(
      sibling.device,
      {},
      { path: entry.path, manifest },
      host,
      known.plugins,
    );
    diagnostics.push(...ofReset);
    return resolveSibling(sibling, entry, { ...common, resetBy }, manifest);
  });
  return { devices: [...named, ...brought], diagnostics };
}

function resolveSibling(
  { device, of }: Sibling,
  entry: ExpandedEntry,
  common: Common & Pick<ResolvedDevice, 'resetBy'>,
  manifest: Manifest,
): ResolvedDevice {
  const origin: Origin = { kind: 'group-sibling', of };
  const shared = {
    ...common,
    name: `${entry.name}@${device.address}`,
    origin,
    use: common.groupPolicy === 'detach' ? ('detach' as const) : ('assign' as const),
    // Taking a device that the host uses is allowed for the one named (R-BIND-5), not for what it brings along.
    inUse: 'refuse' as const,
  };
  if (!isPci(device)) {
    const settings = plainPlatformSettings({ path: entry.path, manifest });
    const driver = USUAL_DRIVERS[device.bus];
    return { ...shared, ...settings, driver, bus: device.bus, device, children: childrenOf(entry, device, manifest) };
  }
  const alike = isPci(of) && device.vendor === of.vendor && device.device === of.device;
  // A vendor's VFIO driver takes that vendor's functions only; interrupts and a guest address are for the one named.
  const driver = (alike ? entry.settings.driver : undefined) ?? USUAL_DRIVERS.pci;
  const guest = { ...guestOf(entry.settings), address: null };
  return { ...shared, driver, bus: 'pci', device, irqs: [], guest };
}

function commonOf({ settings, vm, at, selectorAt }: FoundEntry): Common {
  const { reset = {}, group = 'strict', inUse = 'refuse' } = settings;
  return {
    vm,
    use: 'assign',
    reset: typeof reset === 'string' ? reset : (reset.policy ?? 'required'),
    groupPolicy: group,
    inUse,
    at,
    selectorAt,
  };
}

const guestOf = ({ guest = {} }: DeviceManifest): ResolvedPciDevice['guest'] => ({
  placement: guest.placement ?? 'function',
  address: guest.address ?? null,
});

/** None for a device without a node, and for one that only comes along because of its group. */
const childrenOf = (entry: ExpandedEntry, device: HostDevice, manifest: Manifest): ResolvedPlatformDevice['children'] =>
  entry.childrenOf.get(device) ?? { included: [], excluded: [], at: manifest.at([...entry.path, 'children']) };

interface PciIrqs {
  readonly found: ResolvedPciDevice['irqs'];
  readonly diagnostics: readonly Diagnostic[];
}

const NO_IRQS: PciIrqs = { found: [], diagnostics: [] };

function resolvePciIrqs({ settings, path }: FoundEntry, manifest: Manifest): PciIrqs {
  const diagnostics: Diagnostic[] = [];
  const found = (settings.irqs ?? []).flatMap(({ index, count = 1 }, position) => {
    const here = [...path, 'irqs', position];
    const kind = PCI_INTERRUPTS.find((one) => one === index);
    if (kind) return [{ index: kind, count, at: manifest.at(here) }];
    const near = didYouMean(String(index), PCI_INTERRUPTS);
    const detail = `A PCI function has no interrupt "${index}": its interrupts are named by their kind, one of ${PCI_INTERRUPTS.join(', ')}. ${near}`;
    diagnostics.push(irqUnknown({ detail: detail.trimEnd(), at: manifest.at([...here, 'index']) }));
    return [];
  });
  return { found, diagnostics };
}
