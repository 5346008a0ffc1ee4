import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SourceText } from './source-text.ts';

test('gives 1-based lines and columns', () => {
  const source = new SourceText('a.yaml', 'one\ntwo\r\nthree');
  expect(source.positionAt(0)).toEqual({ line: 1, column: 1, offset: 0 });
  expect(source.positionAt(4)).toEqual({ line: 2, column: 1, offset: 4 });
  expect(source.positionAt(11)).toEqual({ line: 3, column: 3, offset: 11 });
});

test('counts columns in characters, not in UTF-16 units', () => {
  expect(new SourceText('a.yaml', 'a: "𝔞é" # x').positionAt(8).column).toBe(8);
});

test('does not count a byte order mark as a column', () => {
  expect(new SourceText('a.yaml', '\uFEFFname').positionAt(1).column).toBe(1);
});

test('takes an offset beyond the text as its end', () => {
  expect(new SourceText('a.yaml', 'ab').positionAt(99)).toEqual({ line: 1, column: 3, offset: 2 });
});

test('finds for every offset the line that holds it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('a', '\n', 'é', '𝔞')).map((parts) => parts.join('')),
      fc.nat(40),
      (text, offset) => {
        const inside = Math.min(offset, text.length);
        const before = text.slice(0, inside).split('\n');
        const { line, column } = new SourceText('a', text).positionAt(offset);
        expect([line, column]).toEqual([before.length, [...(before.at(-1) ?? '')].length + 1]);
      },
    ),
  );
});

test('finds many places on one long line without counting it each time', () => {
  const source = new SourceText('a', `𝔞${'x'.repeat(4_000_000)}`);
  const before = process.cpuUsage();
  for (let i = 0; i < 100_000; i++) source.positionAt(4_000_000 - i);
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(5000);
  expect(source.positionAt(4_000_002).column).toBe(4_000_002);
});
