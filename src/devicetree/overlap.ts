import type { PhysicalAddress } from '../model/index.ts';

/** A run of bytes in the CPU's address space. */
export interface Extent {
  readonly start: PhysicalAddress;
  readonly size: bigint;
}

/** The page frames that two extents share, first and last address inclusive. */
export interface SharedPages {
  readonly first: bigint;
  readonly last: bigint;
}

/**
 * The page frames that two extents have in common; null where there is none. A page is the least that can be mapped, so
 * whoever may map one of the extents reaches what lies in these frames. `pageSize` is a power of two in bytes; an extent
 * of no bytes shares nothing.
 */
export function sharedPages(a: Extent, b: Extent, pageSize: bigint): SharedPages | null {
  if (a.size <= 0n || b.size <= 0n || pageSize <= 0n) return null;
  const first = larger(a.start / pageSize, b.start / pageSize);
  const last = smaller((a.start + a.size - 1n) / pageSize, (b.start + b.size - 1n) / pageSize);
  return first > last ? null : { first: first * pageSize, last: (last + 1n) * pageSize - 1n };
}

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);
