import { hex } from './address.ts';
import type { ResolvedDevice } from './resolved.ts';

/** `nic0 of router`. */
export const nameOf = (entry: ResolvedDevice): string => `${entry.name} of ${entry.vm}`;

/** `nic0 of router (0000:01:00.0)`. */
export const titleOf = (entry: ResolvedDevice): string => `${nameOf(entry)} (${entry.device.address})`;

/** `0xfee00000-0xfeefffff`, both ends included. */
export const rangeText = ({ first, last }: { readonly first: bigint; readonly last: bigint }): string =>
  `${hex(first)}-${hex(last)}`;

/** `a`, `a and b`, `a, b and c`. */
export function andList(items: readonly string[]): string {
  const last = items.at(-1) ?? '';
  return items.length < 2 ? last : `${items.slice(0, -1).join(', ')} and ${last}`;
}
