import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findInJson, walkJson } from './walk-json.ts';

test('agrees with JSON.parse on what is JSON', () => {
  const parses = (text: string) => {
    try {
      JSON.parse(text);
      return true;
    } catch {
      return false;
    }
  };
  const broken = fc.tuple(
    fc.json(),
    fc.nat(),
    fc.constantFrom('', '"', ',', '}', ']', ':', '\\', '0', '1', 'e', '-', '.', '\n'),
  );
  const texts = fc.oneof(
    fc.json(),
    fc.string(),
    broken.map(
      ([text, at, put]) => text.slice(0, at % (text.length + 1)) + put + text.slice((at % (text.length + 1)) + 1),
    ),
  );
  fc.assert(
    fc.property(texts, (text) => {
      expect(walkJson(text, () => undefined) === undefined).toBe(parses(text));
    }),
    { numRuns: 1000 },
  );
});

test('finds values by their way', () => {
  const text = '{"a": [1, {"b/c": true}], "d": {}, "a%": "x"}';
  const offsets = findInJson(text, [['a', 1, 'b/c'], ['d'], [], ['a%'], ['nowhere'], ['a', 2]]);
  expect(offsets.map((offset) => (offset === undefined ? undefined : text[offset]))).toEqual([
    't',
    '{',
    '{',
    '"',
    undefined,
    undefined,
  ]);
});

test('walks a million brackets without running out of stack', () => {
  const fault = walkJson('['.repeat(1_000_000), () => undefined);
  expect(fault).toEqual({ offset: 1_000_000, expected: 'a value or "]"' });
});

test('names what was expected at the place of the fault', () => {
  expect(walkJson('{"a" 1}', () => undefined)).toEqual({ offset: 5, expected: '":"' });
  expect(walkJson('[1,]', () => undefined)).toEqual({ offset: 3, expected: 'a value' });
  expect(walkJson('{} x', () => undefined)).toMatchObject({ offset: 3, expected: 'the end of the file' });
  expect(walkJson('{"a": 01}', () => undefined)?.offset).toBe(6);
});
