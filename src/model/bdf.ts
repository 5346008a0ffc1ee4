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

/**
 * The address of a VF, from its physical function's and what the SR-IOV capability says (PCI Express, "First VF Offset" and
 * "VF Stride"; `pci_iov_virtfn_bus` in drivers/pci/iov.c): routing ids count bus, device and function as one number.
 */
export function virtualFunctionAddress(pf: Bdf, { offset, stride }: VfLayout, index: number): Bdf {
  const [domain = '', bus = '', slot = ''] = pf.split(':');
  const [device = '', fn = ''] = slot.split('.');
  const own = (Number.parseInt(bus, 16) << 8) | (Number.parseInt(device, 16) << 3) | Number(fn);
  const id = own + offset + stride * index;
  const hex = (value: number) => value.toString(16).padStart(2, '0');
  return `${domain}:${hex((id >> 8) & 0xff)}:${hex((id >> 3) & 0x1f)}.${id & 7}` as Bdf;
}

/** Where a physical function's VFs are: distances between routing ids. */
export interface VfLayout {
  readonly offset: number;
  readonly stride: number;
}
