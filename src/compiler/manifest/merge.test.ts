import fc from 'fast-check';
import { expect, test } from 'vitest';
import { entryOf, type MapNode, parseYaml, SourceText, spanOf } from '../source/index.ts';
import { mergeOver } from './merge.ts';
import { toValue } from './value.ts';

function map(file: string, text: string): MapNode {
  const { value } = parseYaml(new SourceText(file, text));
  if (value?.kind !== 'map') throw new Error('not a map');
  return value;
}

const merged = (lower: string, upper: string) => toValue(mergeOver(map('l', lower), map('u', upper)));

test('merges maps by key', () => {
  expect(merged('{a: {b: 1, c: 1}, d: 1}', '{a: {c: 2, e: 2}}')).toEqual({ a: { b: 1, c: 2, e: 2 }, d: 1 });
});

test('replaces lists and scalars, and values of another kind', () => {
  expect(merged('{a: [1, 2], b: {x: 1}, c: 1}', '{a: [3], b: t, c: {y: 1}}')).toEqual({ a: [3], b: 't', c: { y: 1 } });
});

test('keeps the file and place that a value came from', () => {
  const result = mergeOver(map('lower.yaml', 'a: 1\nb: 1\n'), map('upper.yaml', 'b: 2\n'));
  const places = ['a', 'b'].map((key) => {
    const { file, start } = spanOf(entryOf(result, key)?.value.at ?? result.at);
    return `${file}:${start.line}`;
  });
  expect(places).toEqual(['lower.yaml:1', 'upper.yaml:1']);
});

test('merges in any grouping to the same', () => {
  const leaf = fc.constantFrom('1', '2', '[1]');
  const doc = fc.dictionary(
    fc.constantFrom('a', 'b', 'c'),
    fc.oneof(leaf, fc.dictionary(fc.constantFrom('x', 'y'), leaf)),
    {
      minKeys: 1,
    },
  );
  const text = (value: unknown) =>
    JSON.stringify(value).replaceAll('"1"', '1').replaceAll('"2"', '2').replaceAll('"[1]"', '[1]');
  fc.assert(
    fc.property(doc, doc, doc, (a, b, c) => {
      // Only where kinds agree: a scalar between two maps cuts them off from each other.
      const kinds = [a, b, c].map((each) => (key: string) => typeof each[key]);
      fc.pre(
        ['a', 'b', 'c'].every(
          (key) => new Set(kinds.map((kind) => kind(key)).filter((kind) => kind !== 'undefined')).size <= 1,
        ),
      );
      const [x, y, z] = [map('x', text(a)), map('y', text(b)), map('z', text(c))];
      expect(toValue(mergeOver(mergeOver(x, y), z))).toEqual(toValue(mergeOver(x, mergeOver(y, z))));
    }),
  );
});
