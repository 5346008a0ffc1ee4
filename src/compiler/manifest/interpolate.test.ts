import fc from 'fast-check';
import { expect, test } from 'vitest';
import { interpolate } from './interpolate.ts';

const variables = { NIC: '0000:01:00.0', EMPTY: '', B: 'b', dollar: '$NIC' };
const put = (text: string) => interpolate(text, variables).text;
const faults = (text: string) => interpolate(text, variables).faults;

test('replaces variables with and without braces', () => {
  expect(put('${NIC}')).toBe('0000:01:00.0');
  expect(put('a-$B-c$B')).toBe('a-b-cb');
});

test('takes a default where a variable is unset, with a colon also where it is empty', () => {
  expect(put('${NONE:-x}${NONE-y}${EMPTY:-z}${EMPTY-w}${B:-v}')).toBe('xyzb');
  expect(put('${NONE:-}')).toBe('');
});

test('takes another text where a variable is set', () => {
  expect(put('[${B:+x}${B+y}${EMPTY:+z}${EMPTY+w}${NONE+v}]')).toBe('[xyw]');
});

test('replaces variables in defaults', () => {
  expect(put('${NONE:-${ALSO:-<$B>}}!')).toBe('<b>!');
});

test('takes $$ for a dollar sign and does not look at values again', () => {
  expect(put('$$NIC $${NIC}')).toBe('$NIC ${NIC}');
  expect(put('${dollar}')).toBe('$NIC');
});

test('reports an unset variable with its name and place', () => {
  expect(faults('a ${NONE} $ALSO')).toEqual([
    { kind: 'unset', name: 'NONE', start: 2, end: 9 },
    { kind: 'unset', name: 'ALSO', start: 10, end: 15 },
  ]);
});

test('reports the message of a demanded variable', () => {
  expect(faults('${NONE:?say $B}')).toMatchObject([{ kind: 'unset', name: 'NONE', message: 'say b' }]);
  expect(faults('${EMPTY:?x}')).toMatchObject([{ kind: 'unset', name: 'EMPTY' }]);
  expect(faults('${EMPTY?x}')).toEqual([]);
});

test('does not ask for variables of a default that is not used', () => {
  expect(faults('${B:-${NONE}}')).toEqual([]);
  expect(faults('${NONE:+${ALSO}}')).toEqual([]);
  expect(faults('${NONE:-${ALSO}}')).toMatchObject([{ name: 'ALSO' }]);
});

test('refuses what is not a variable', () => {
  for (const text of ['$', 'a$', '$5', '${', '${}', '${5}', '${NIC', '${NIC:-x', '${NIC!}', '${ NIC}', '$-']) {
    expect(faults(text), text).toMatchObject([{ kind: 'malformed' }]);
  }
});

test('refuses defaults that are nested too deep', () => {
  expect(faults(`${'${A:-'.repeat(16)}x${'}'.repeat(16)}`)).toEqual([]);
  expect(faults(`${'${A:-'.repeat(5000)}x${'}'.repeat(5000)}`)).toMatchObject([{ kind: 'malformed' }]);
});

test('refuses a value that grows too long', () => {
  expect(interpolate('$A'.repeat(30_000), { A: 'x'.repeat(60_000) }).faults).toMatchObject([{ kind: 'too-long' }]);
});

test('does not take what every object has for a variable', () => {
  expect(faults('${constructor}${toString}')).toHaveLength(2);
});

test('leaves a text without a dollar sign alone, and never throws', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      if (!text.includes('$')) expect(put(text)).toBe(text);
    }),
  );
  const piece = fc.constantFrom('$', '{', '}', 'A', 'B', ':', '-', '?', '+', 'x');
  fc.assert(
    fc.property(
      fc.array(piece).map((parts) => parts.join('')),
      (text) => {
        expect(put(text.replaceAll('$', '$$$$'))).toBe(text);
        expect(typeof put(text)).toBe('string');
      },
    ),
  );
});
