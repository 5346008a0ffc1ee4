declare const brand: unique symbol;

/**
 * A PCI address `dddd:bb:dd.f` (domain, bus, device, function; hexadecimal, lower case), as sysfs names PCI devices.
 * Linux prints the domain with at least four digits; Hyper-V and VMD use more.
 */
export type Bdf = string & { readonly [brand]: 'Bdf' };

const PATTERN = /^(?:([0-9a-f]{4,8}):)?([0-9a-f]{2}):([01][0-9a-f])\.([0-7])$/;

/** Parses a PCI address in any case, with or without its domain (then 0000). Anything else gives `undefined`. */
export function parseBdf(text: string): Bdf | undefined {
  const match = PATTERN.exec(text.trim().toLowerCase());
  if (!match) return undefined;
  const [, domain = '0000', bus, device, fn] = match;
  return `${domain}:${bus}:${device}.${fn}` as Bdf;
}

/** The address without its function: functions with the same slot are one physical device. */
export const slotOf = (bdf: Bdf): string => bdf.slice(0, bdf.lastIndexOf('.'));
