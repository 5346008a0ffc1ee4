import { expect, test } from 'vitest';
import { deviceTree } from '../../testing/index.ts';
import { dtsValue } from './dts-value.ts';
import { dtsNode, writeDts } from './write-dts.ts';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const characters = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));

test.each([
  ['a string', characters('okay\0'), '"okay"'],
  ['a list of strings', characters('a,b\0c d\0'), '"a,b", "c d"'],
  ['an empty string in a list', characters('ab\0\0'), '"ab", ""'],
  ['what a string has to escape', characters('"\\\n\t\u0007\0'), '"\\"\\\\\\n\\t\\a"'],
  ['a digit behind a NUL, which is no octal number', characters('a\u00007b\0'), '"a", "7b"'],
  ['cells', bytes(0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff), '<0x1 0xffffffff>'],
  ['cells that end with a NUL and have more of them than characters', bytes(0x41, 0, 0, 0), '<0x41000000>'],
  ['a character outside of ASCII', bytes(0xe9, 0x41, 0x42, 0), '<0xe9414200>'],
  ['a text without its NUL', characters('abcd'), '<0x61626364>'],
  ['bytes', bytes(0, 0x1f, 0xa0), '[00 1f a0]'],
  ['one NUL', bytes(0), '[00]'],
])('prints %s', (_, value, printed) => {
  expect(dtsValue(value)).toBe(printed);
});

test('prints cells with references to labels', () => {
  expect(dtsValue({ cells: [{ label: 'gic' }, 0, 0x74, 4] })).toBe('<&gic 0x0 0x74 0x4>');
});

test('prints a tree with its reservations, in its order', () => {
  const tree = deviceTree({ model: 'x', flag: true, 'soc@0': { reg: [0, 16], 'a@1': {} }, b: {} });
  expect(writeDts(tree.root, { reservations: [{ address: 0x1_0000_0000n, size: 0x1000n }] })).toBe(`/dts-v1/;
/memreserve/ 0x100000000 0x1000;

/ {
\tmodel = "x";
\tflag;

\tsoc@0 {
\t\treg = <0x0 0x10>;

\t\ta@1 {
\t\t};
\t};

\tb {
\t};
};
`);
});

test('prints an overlay with labels', () => {
  const label = { label: 'nic', name: 'ethernet@0', properties: new Map(), children: [] };
  const root = { name: '', properties: new Map(), children: [label] };
  expect(writeDts(root, { plugin: true })).toMatch(/^\/dts-v1\/;\n\/plugin\/;\n/);
  expect(dtsNode(label, 1)).toEqual(['\tnic: ethernet@0 {', '\t};']);
});
