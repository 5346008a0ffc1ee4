import { bytes, iova, parseBdf, physical } from '../model/index.ts';
import type { Bdf, PciDevice, ReservedRegion } from '../model/index.ts';

/** `region(0xfee00000n, 0xfeefffffn, 'msi')`, inclusive like sysfs. */
export const region = (first: bigint, last: bigint, type: string): ReservedRegion => ({
  first: iova(first),
  last: iova(last),
  type,
});

/** A PCI address in a test; throws where it is none. */
export function bdf(text: string): Bdf {
  const address = parseBdf(text);
  if (address === undefined) throw new Error(`${text} is no PCI address`);
  return address;
}

/** A memory BAR, for tests of regions. */
export const bar = (index: number, start: bigint, size: bigint): PciDevice['resources'][number] => ({
  index,
  start: physical(start),
  size: bytes(size),
  kind: 'memory',
});
