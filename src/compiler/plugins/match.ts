import type { HostDevice, PciDevice, PluginSet, ResetMatch, ResetPlugin } from '../../model/index.ts';

/** How closely a plugin matches a device: what counts, and in words. More is closer. */
export interface Match {
  readonly score: number;
  readonly because: string;
}

/** More than any list of `compatible` is long. */
const MOST_SPECIFIC = 1_000_000;

/** The plugins that are for a device, the closest first. */
export const matchesOf = (
  { reset }: Pick<PluginSet, 'reset'>,
  device: HostDevice,
  compatible: readonly string[],
): readonly (Match & { readonly plugin: ResetPlugin })[] =>
  reset
    .flatMap((plugin) => {
      const match = matchOf(plugin, device, compatible);
      return match ? [{ plugin, ...match }] : [];
    })
    .sort((a, b) => b.score - a.score);

/** The closest match of a plugin and a device (R-RESET-2); undefined where it is not for it. */
export function matchOf(plugin: ResetPlugin, device: HostDevice, compatible: readonly string[]): Match | undefined {
  let best: Match | undefined;
  for (const match of plugin.matches) {
    const found = device.bus === 'pci' ? matchPci(match, device) : matchCompatible(match, compatible);
    if (found && (!best || found.score > best.score)) best = found;
  }
  return best;
}

function matchCompatible(match: ResetMatch, compatible: readonly string[]): Match | undefined {
  if (!('compatible' in match)) return undefined;
  const at = compatible.indexOf(match.compatible);
  return at < 0 ? undefined : { score: MOST_SPECIFIC - at, because: `compatible ${match.compatible}` };
}

/** Ids weigh more than the class, and those of the subsystem more than those of the chip: they are of one card. */
function matchPci(match: ResetMatch, device: PciDevice): Match | undefined {
  if (!('pci' in match)) return undefined;
  const { vendor, device: id, subsystem, class: code } = match.pci;
  if (vendor !== undefined && vendor !== device.vendor) return undefined;
  if (id !== undefined && id !== device.device) return undefined;
  if (code !== undefined && !device.class.startsWith(code)) return undefined;
  const own = device.subsystem;
  if (subsystem && (own?.vendor !== subsystem.vendor || own.device !== subsystem.device)) return undefined;
  const parts = [
    { weight: 16, said: subsystem && `subsystem ${subsystem.vendor}:${subsystem.device}` },
    { weight: 8, said: id && `device ${id}` },
    { weight: 4, said: vendor && `vendor ${vendor}` },
    { weight: 1 + (code?.length ?? 0) / 6, said: code && `class ${code}` },
  ].filter(({ said }) => said !== undefined);
  return {
    score: parts.reduce((sum, { weight }) => sum + weight, 0),
    because: parts.length === 0 ? 'any PCI function' : parts.map(({ said }) => said).join(', '),
  };
}
