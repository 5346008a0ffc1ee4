import { U64_MAX } from './address.ts';

/** The letters of binary units, each 1024 times the one before. */
export const SIZE_UNITS = 'KMGTP';

const PATTERN = /^(0x[0-9A-Fa-f]{1,16}|[0-9]{1,20}) ?(?:B|([KMGTP])(?:iB)?)?$/;

/**
 * A number of bytes as a manifest may write it: a whole number, hexadecimal digits (`0x…`), or either with a binary
 * unit (`4KiB` and `4K` are the same). Exact. `undefined` for anything else, and for what does not fit 64 bits.
 */
export function parseSize(value: string | number | bigint): bigint | undefined {
  if (typeof value === 'bigint') return value >= 0n && value <= U64_MAX ? value : undefined;
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? BigInt(value) : undefined;
  const match = PATTERN.exec(value);
  if (!match) return undefined;
  const [, digits = '', unit] = match;
  const power = unit === undefined ? 0 : SIZE_UNITS.indexOf(unit) + 1;
  const size = BigInt(digits) << BigInt(10 * power);
  return size <= U64_MAX ? size : undefined;
}
