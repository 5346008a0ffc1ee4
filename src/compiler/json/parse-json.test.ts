import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseJson } from './parse-json.ts';
import { spanAt } from './span-at.ts';

const LIMITS = { depth: 4, values: 20 };
const nested = (depth: number) => `${'['.repeat(depth)}1${']'.repeat(depth)}`;
const kindOf = (text: string, limits = LIMITS): string => {
  const read = parseJson('x.json', text, limits);
  return 'value' in read
    ? 'value'
    : `${read.refusal.kind}@${read.refusal.at.start.line}:${read.refusal.at.start.column}`;
};

test('SECURITY: takes a document that is as deep and as long as allowed, and refuses the next at its place', () => {
  expect(kindOf(nested(4))).toBe('value');
  expect(kindOf(nested(5))).toBe('limit@1:5');
  expect(kindOf(`[\n${Array(18).fill('1').join(',\n')}]`)).toBe('value');
  expect(kindOf(`[\n${Array(20).fill('1').join(',\n')}]`)).toBe('limit@20:2');
});

test('SECURITY: does not count what stands in texts', () => {
  expect(kindOf(JSON.stringify(['[[[[[[', '{{{{{{', ',,,,,,,,,,,,,,,,,,,,,,,,,,,', '\\"[[[[[[[']))).toBe('value');
});

test('SECURITY: a document is taken as JSON.parse takes it wherever the limits allow', () => {
  const roomy = { depth: 1000, values: 100_000 };
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
      let parsed: unknown;
      try {
        parsed = { value: JSON.parse(text) as unknown };
      } catch {
        expect(kindOf(text, roomy)).toMatch(/^syntax@/);
        return;
      }
      expect(parseJson('x.json', text, roomy)).toEqual(parsed);
    }),
  );
});

test('counts lines and characters, where a character of two units is one', () => {
  expect(spanAt('f', 'ab\n😀x', 5).start).toEqual({ line: 2, column: 2, offset: 5 });
  expect(spanAt('f', '', 0).start).toEqual({ line: 1, column: 1, offset: 0 });
  expect(spanAt('f', 'a\n', 2).start).toEqual({ line: 2, column: 1, offset: 2 });
});
