import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatBytes } from '../../model/index.ts';
import { adviseOnSize, parseSize } from './size.ts';

test('reads numbers, hexadecimal digits and binary units exactly', () => {
  expect(parseSize(4096)).toBe(4096n);
  expect(parseSize('0xFFFFFFFFFFFFF000')).toBe(0xfffffffffffff000n);
  expect(parseSize('18446744073709551615')).toBe(0xffffffffffffffffn);
  expect(parseSize('2GiB')).toBe(2n << 30n);
  expect(parseSize('2 GiB')).toBe(2n << 30n);
  expect(parseSize('4K')).toBe(4096n);
  expect(parseSize('0x10B')).toBe(0x10bn);
  expect(parseSize('7B')).toBe(7n);
  expect(parseSize(12n)).toBe(12n);
});

test('refuses what is no exact 64-bit number of bytes', () => {
  const texts = [
    '',
    ' 1',
    '-1',
    '+1',
    '1.5GiB',
    '2GB',
    '2gib',
    '2 KB',
    '0x',
    '0xg',
    '1_000',
    '1e3',
    '18446744073709551616',
    '16777216TiB',
    '1 iB',
  ];
  for (const text of texts) expect(parseSize(text), text).toBeUndefined();
  for (const number of [-1, 1.5, 2 ** 53, NaN, Infinity]) expect(parseSize(number)).toBeUndefined();
  for (const big of [-1n, 1n << 64n]) expect(parseSize(big)).toBeUndefined();
});

test('reads back every size that we write', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 0xffffffffffffffffn }), (size) => {
      expect(parseSize(formatBytes(size))).toBe(size);
      expect(parseSize(`0x${size.toString(16)}`)).toBe(size);
    }),
  );
});

test('says what to write for a decimal unit, a fraction, a separator or another spelling', () => {
  expect(adviseOnSize('2GB')).toContain('write 2GiB');
  expect(adviseOnSize('2GB')).toContain('2000000000');
  expect(adviseOnSize('1.5GiB')).toContain('1536MiB');
  expect(adviseOnSize('0.5')).not.toContain('Write');
  expect(adviseOnSize('512m')).toContain('512MiB');
  expect(adviseOnSize('2gib')).toContain('2GiB');
  expect(adviseOnSize('2Gi')).toContain('2GiB');
  expect(adviseOnSize('4_096')).toContain('4096');
});

test('says that a size is negative, too large, or has no such unit', () => {
  expect(adviseOnSize('-4096')).toContain('negative');
  expect(adviseOnSize('0x1ffffffffffffffff')).toContain('64 bits');
  expect(adviseOnSize('99999999999PiB')).toContain('64 bits');
  expect(adviseOnSize('4 pages')).toContain('"pages" is not a unit');
  expect(adviseOnSize('much')).toContain('not a number');
});

test('has advice for every text', () => {
  const piece = fc.constantFrom('0', '1', '9', '.', '_', ',', 'x', 'G', 'g', 'i', 'B', 'b', '-', ' ');
  const likely = fc.array(piece).map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.oneof(fc.string(), likely), (text) => {
      expect(adviseOnSize(text)).toMatch(/\.$/);
    }),
  );
});

test('SECURITY: does not search a long text for what may be meant', () => {
  // With a pattern, each of these would take minutes: the blanks can be shared out in as many ways as there are of them.
  for (const long of [`1${' '.repeat(1_000_000)}!`, `1${'_'.repeat(1_000_000)}!`, `0x${'f'.repeat(1_000_000)}`]) {
    expect(adviseOnSize(long)).toBe(`"${long.slice(0, 64)}…" is not a number of bytes.`);
    expect(parseSize(long)).toBeUndefined();
  }
  expect(adviseOnSize(`1${' '.repeat(60)}GB`)).toContain('write 1GiB');
});
