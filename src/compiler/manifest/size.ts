import { U64_MAX } from '../../model/index.ts';

const PATTERN = /^(0x[0-9A-Fa-f]{1,16}|[0-9]{1,20}) ?(?:B|([KMGTP])(?:iB)?)?$/;
const POWERS = 'KMGTP';

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
  const power = unit === undefined ? 0 : POWERS.indexOf(unit) + 1;
  const size = BigInt(digits) << BigInt(10 * power);
  return size <= U64_MAX ? size : undefined;
}

const LOOSE = /^([-+]?)(0x[0-9a-f]+|[0-9][0-9_, ]*(?:\.[0-9]*)?|\.[0-9]+) *([a-z]*)$/i;
const UNIT = /^([kmgtp]?)(i?)(b?)$/i;

/** What is wrong with a text that is not a size, and what to write in its place. Complete sentences. */
export function adviseOnSize(text: string): string {
  if (text === '') return 'A size is missing here.';
  const match = LOOSE.exec(text.trim());
  if (!match) return `"${text}" is not a number of bytes.`;
  const [, sign = '', digits = '', unit = ''] = match;
  if (sign === '-') return `"${text}" is negative; addresses and sizes are not.`;
  const parts = UNIT.exec(unit);
  if (!parts) return `"${unit}" is not a unit.`;
  const [, letter = '', binary = '', byte = ''] = parts;
  const clean = digits.replace(/[_, ]/g, '');
  const name = letter === '' ? '' : `${letter.toUpperCase()}iB`;
  if (clean.includes('.')) return adviseOnFraction(text, clean, letter);
  if (letter !== '' && binary === '' && byte !== '') return adviseOnDecimalUnit(clean, letter, unit, name);
  const better = `${clean}${letter === '' ? '' : name}`;
  if (parseSize(better) === undefined) return `"${text}" does not fit 64 bits.`;
  return `"${text}" is not how a size is written: write ${better}.`;
}

function adviseOnDecimalUnit(digits: string, letter: string, unit: string, name: string): string {
  const binary = `${digits}${name}`;
  const decimal = BigInt(digits) * 1000n ** BigInt(POWERS.indexOf(letter.toUpperCase()) + 1);
  if (parseSize(binary) === undefined) return `"${digits}${unit}" does not fit 64 bits.`;
  return `"${unit}" means powers of 1000 to some and of 1024 to others: write ${binary}, or the plain number of bytes (${decimal}).`;
}

/** A fraction of a unit is exact in a smaller one, if it is exact at all. */
function adviseOnFraction(text: string, digits: string, letter: string): string {
  const [whole = '', fraction = ''] = digits.split('.');
  const power = letter === '' ? 0 : POWERS.indexOf(letter.toUpperCase()) + 1;
  const scaled = BigInt(`${whole}${fraction}`) << BigInt(10 * power);
  const divisor = 10n ** BigInt(fraction.length);
  const refused = `"${text}" is a fraction; a size is a whole number.`;
  if (scaled % divisor !== 0n) return refused;
  const bytes = scaled / divisor;
  if (bytes > U64_MAX) return `"${text}" does not fit 64 bits.`;
  for (let unit = POWERS.length; unit > 0; unit--) {
    const factor = 1n << BigInt(10 * unit);
    if (bytes >= factor && bytes % factor === 0n) return `${refused} Write ${bytes / factor}${POWERS[unit - 1]}iB.`;
  }
  return `${refused} Write ${bytes}.`;
}
