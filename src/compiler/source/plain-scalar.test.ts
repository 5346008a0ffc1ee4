import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { typePlain } from './plain-scalar.ts';

test('keeps whole numbers exact beyond 53 bits', () => {
  expect(typePlain('0xFFFFFFFFFFFFF000')).toBe(0xfffffffffffff000n);
  expect(typePlain('18446744073709551615')).toBe(0xffffffffffffffffn);
});

test('takes for text what YAML 1.1 took for numbers and truth values', () => {
  for (const text of ['12:30', 'on', 'yes', '01:00.0', '8086:10d3', '0b11', '1_000'])
    expect(typePlain(text)).toBe(text);
});

test('agrees with the yaml package on the core schema', () => {
  const piece = fc.constantFrom(
    '0',
    '1',
    '9',
    'x',
    'o',
    '-',
    '+',
    '.',
    'e',
    'E',
    'inf',
    'nan',
    'true',
    'null',
    '~',
    'F',
    'a',
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 6 }).map((parts) => parts.join('')),
      (text) => {
        const document = parseDocument(`[${text}]`, { intAsBigInt: true });
        fc.pre(document.errors.length === 0);
        const [theirs] = document.toJS() as unknown[];
        fc.pre(typeof theirs !== 'object' || theirs === null);
        if (text !== '') expect(typePlain(text)).toEqual(theirs);
      },
    ),
    { numRuns: 2000 },
  );
});
