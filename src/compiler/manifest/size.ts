import { parseSize, SIZE_UNITS, U64_MAX } from '../../model/index.ts';

export { parseSize };

const LOOSE = /^([-+]?)(0x[0-9a-f]+|[0-9][0-9_, ]*(?:\.[0-9]*)?|\.[0-9]+) *([a-z]*)$/i;
const UNIT = /^([kmgtp]?)(i?)(b?)$/i;

/** Characters of a text that may be meant as a size: what is longer is something else, and is not searched for one. */
const LONGEST = 64;

/** What is wrong with a text that is not a size, and what to write in its place. Complete sentences. */
export function adviseOnSize(text: string): string {
  if (text === '') return 'A size is missing here.';
  if (text.length > LONGEST) return `"${text.slice(0, LONGEST)}…" is not a number of bytes.`;
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
  const decimal = BigInt(digits) * 1000n ** BigInt(SIZE_UNITS.indexOf(letter.toUpperCase()) + 1);
  if (parseSize(binary) === undefined) return `"${digits}${unit}" does not fit 64 bits.`;
  return `"${unit}" means powers of 1000 to some and of 1024 to others: write ${binary}, or the plain number of bytes (${decimal}).`;
}

/** A fraction of a unit is exact in a smaller one, if it is exact at all. */
function adviseOnFraction(text: string, digits: string, letter: string): string {
  const [whole = '', fraction = ''] = digits.split('.');
  const power = letter === '' ? 0 : SIZE_UNITS.indexOf(letter.toUpperCase()) + 1;
  const scaled = BigInt(`${whole}${fraction}`) << BigInt(10 * power);
  const divisor = 10n ** BigInt(fraction.length);
  const refused = `"${text}" is a fraction; a size is a whole number.`;
  if (scaled % divisor !== 0n) return refused;
  const bytes = scaled / divisor;
  if (bytes > U64_MAX) return `"${text}" does not fit 64 bits.`;
  for (let unit = SIZE_UNITS.length; unit > 0; unit--) {
    const factor = 1n << BigInt(10 * unit);
    if (bytes >= factor && bytes % factor === 0n) return `${refused} Write ${bytes / factor}${SIZE_UNITS[unit - 1]}iB.`;
  }
  return `${refused} Write ${bytes}.`;
}
