/**
 * Addresses and sizes. All of them are 64-bit quantities, so they are `bigint`; the brands keep an I/O virtual address
 * from being used where a byte count or a host physical address is meant.
 */
declare const brand: unique symbol;

/** I/O virtual address: what a device puts on the bus, translated by its IOMMU. In bytes. */
export type Iova = bigint & { readonly [brand]: 'Iova' };
/** Host physical address, as printed in a PCI device's `resource` file. In bytes. */
export type PhysicalAddress = bigint & { readonly [brand]: 'PhysicalAddress' };
/** A size in bytes. */
export type Bytes = bigint & { readonly [brand]: 'Bytes' };

/** The highest value that fits 64 bits. */
export const U64_MAX = 0xffff_ffff_ffff_ffffn;

/** An inclusive range, as the kernel prints reserved regions and reports IOVA ranges. */
export interface IovaRange {
  readonly first: Iova;
  readonly last: Iova;
}

/** An inclusive range of plain numbers, of whatever kind of address. */
export interface Extent {
  readonly first: bigint;
  readonly last: bigint;
}

export const iova = (value: bigint): Iova => value as Iova;
export const physical = (value: bigint): PhysicalAddress => value as PhysicalAddress;
export const bytes = (value: bigint | number): Bytes => BigInt(value) as Bytes;

/** The last address of `size` bytes from `first`; beyond {@link U64_MAX} when the range wraps. */
export const lastOf = (first: Iova, size: Bytes): bigint => first + size - 1n;

export const rangesOverlap = (a: Extent, b: Extent): boolean => a.first <= b.last && b.first <= a.last;

/** `0x` and lower-case digits without padding: the one spelling of a 64-bit value in our JSON. */
export const hex = (value: bigint): string => `0x${value.toString(16)}`;

const UNITS: readonly (readonly [string, bigint])[] = [
  ['PiB', 1n << 50n],
  ['TiB', 1n << 40n],
  ['GiB', 1n << 30n],
  ['MiB', 1n << 20n],
  ['KiB', 1n << 10n],
];

/** A size as people read it: the largest binary unit that divides it, else plain bytes. */
export function formatBytes(size: bigint): string {
  for (const [unit, factor] of UNITS) {
    if (size >= factor && size % factor === 0n) return `${size / factor} ${unit}`;
  }
  return `${size} B`;
}
