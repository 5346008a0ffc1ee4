import { linuxInterrupts, linuxRegions } from '../../devicetree/index.ts';
import { type DeviceTree, type DeviceTreeNode, didYouMean, invariant } from '../../model/index.ts';
import type {
  DeviceManifest,
  Diagnostic,
  HostIndex,
  Manifest,
  Path,
  PlatformDevice,
  ResolvedPlatformDevice,
} from '../../model/index.ts';
import { parseSize } from '../manifest/size.ts';
import { irqUnknown, regionUnknown } from './diagnostics-of-parts.ts';

/** AMBA_NR_IRQS in include/linux/amba/bus.h; an amba_device has one resource. */
const MOST_OF_AMBA = { interrupts: 9, regions: 1 };

/** What an entry says about interrupts, regions and the guest's view of a platform device, with its defaults. */
export type PlatformSettings = Pick<ResolvedPlatformDevice, 'irqs' | 'regions' | 'ranges' | 'interruptMap' | 'guest'>;

interface Place {
  readonly path: Path;
  readonly manifest: Manifest;
}

/** Reads the settings that only platform devices have. */
export function resolvePlatformSettings(
  settings: DeviceManifest,
  device: PlatformDevice,
  host: HostIndex,
  place: Place,
): { readonly settings: PlatformSettings; readonly diagnostics: readonly Diagnostic[] } {
  const { path, manifest } = place;
  const irqs = resolveIrqs(settings, device, namesOf('interrupts', device, host), place);
  const regions = resolveRegions(settings, device, namesOf('regions', device, host), place);
  const { ranges = 'translate', interruptMap = 'translate', guest = {} } = settings;
  const base = guest.base === undefined ? null : parseSize(guest.base);
  invariant(base !== undefined, `the manifest stage let an address pass at ${path.join('.')}`);
  return {
    settings: {
      irqs: irqs.found,
      regions: regions.found,
      ranges: { mode: ranges, at: manifest.at([...path, 'ranges']) },
      interruptMap: { mode: interruptMap, at: manifest.at([...path, 'interruptMap']) },
      guest: { base, interrupt: guest.interrupt ?? null, at: manifest.at([...path, 'guest']) },
    },
    diagnostics: [...irqs.diagnostics, ...regions.diagnostics],
  };
}

/** What nothing is said about: a device that comes along with another one. */
export const plainPlatformSettings = ({ path, manifest }: Place): PlatformSettings => ({
  irqs: [],
  regions: [],
  ranges: { mode: 'translate', at: manifest.at(path) },
  interruptMap: { mode: 'translate', at: manifest.at(path) },
  guest: { base: null, interrupt: null, at: manifest.at(path) },
});

/** The names of a device's interrupts or regions, by index; undefined where no tree tells how many there are. */
type Names = readonly (string | null)[] | undefined;

function namesOf(what: 'interrupts' | 'regions', device: PlatformDevice, host: HostIndex): Names {
  const node = device.treePath === null ? undefined : host.tree?.byPath.get(device.treePath);
  if (!node || !host.tree) return undefined;
  const names = listOf(what, host.tree, node).map(({ name }) => name);
  return device.bus === 'amba' ? names.slice(0, MOST_OF_AMBA[what]) : names;
}

const listOf = (what: 'interrupts' | 'regions', tree: DeviceTree, node: DeviceTreeNode) =>
  what === 'interrupts' ? linuxInterrupts(tree, node) : linuxRegions(tree, node);

function resolveIrqs({ irqs = [] }: DeviceManifest, device: PlatformDevice, names: Names, { path, manifest }: Place) {
  const diagnostics: Diagnostic[] = [];
  const found = irqs.flatMap(({ index: written, unmask = 'explicit' }, position) => {
    const here = [...path, 'irqs', position];
    const index = indexOf(written, names);
    if (index !== undefined) return [{ index, unmask, at: manifest.at(here) }];
    const detail = `${device.address} has no interrupt ${shown(written)}. ${choices(written, names, 'interrupt', 'interrupt-names')}`;
    diagnostics.push(irqUnknown({ detail, at: manifest.at([...here, 'index']) }));
    return [];
  });
  return { found, diagnostics };
}

function resolveRegions(
  { regions = [] }: DeviceManifest,
  device: PlatformDevice,
  names: Names,
  { path, manifest }: Place,
) {
  const diagnostics: Diagnostic[] = [];
  const found = regions.flatMap(({ index: byIndex, name, cacheable = null, mmap = null }, position) => {
    const here = [...path, 'regions', position];
    const written = byIndex ?? name;
    invariant(written !== undefined, `the manifest stage let a region pass at ${here.join('.')}`);
    const index = indexOf(written, names);
    if (index !== undefined) return [{ index, cacheable, mmap, at: manifest.at(here) }];
    const detail = `${device.address} has no region ${shown(written)}. ${choices(written, names, 'region', 'reg-names')}`;
    diagnostics.push(regionUnknown({ detail, at: manifest.at([...here, byIndex === undefined ? 'name' : 'index']) }));
    return [];
  });
  return { found, diagnostics };
}

const shown = (written: number | string): string => (typeof written === 'number' ? `${written}` : `"${written}"`);

/** Where the device has no tree, a number is taken as it is: the kernel is asked when the plan runs. */
function indexOf(written: number | string, names: Names): number | undefined {
  if (typeof written === 'number') return !names || written < names.length ? written : undefined;
  const index = names?.indexOf(written) ?? -1;
  return index < 0 ? undefined : index;
}

const MOST_LISTED = 16;

function choices(written: number | string, names: Names, what: string, property: string): string {
  if (!names) return `No device tree gives its ${what}s names: write the position, from 0.`;
  if (names.length === 0) return `It has no ${what}s.`;
  const count =
    names.length === 1 ? `It has one ${what}, number 0` : `It has ${names.length} ${what}s, numbered from 0`;
  const known = names.filter((name) => name !== null);
  if (known.length === 0) return `${count}, without names.`;
  const near = typeof written === 'string' ? ` ${didYouMean(written, known)}` : '';
  return `${count}; "${property}" calls them ${known.slice(0, MOST_LISTED).join(', ')}${known.length > MOST_LISTED ? ', …' : ''}.${near}`.trimEnd();
}
