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

/**
 * Text of the host that can be shown on a terminal. A process or a volume may be called anything, escape sequences
 * included, and whoever looks at a host is often root.
 */
export const printable = (text: string): string =>
  text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '?');
