import { expect, test } from 'vitest';
import { deviceTree, nodeAt } from '../testing/index.ts';
import { addressCells, baseName, cellsOf, numberAt, sizeCells, stringsOf, u32Of } from './cells.ts';

test('reads whole cells, most significant byte first, and leaves out what is no whole cell', () => {
  expect(cellsOf(new Uint8Array([0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 7]))).toEqual([1, 0xffff_ffff]);
});

test('reads the cells of a value that is a part of a larger buffer', () => {
  expect(cellsOf(new Uint8Array([9, 9, 9, 0, 0, 0, 2]).subarray(3))).toEqual([2]);
});

test('takes the first cell of a longer property, and none of a shorter one', () => {
  const { root } = deviceTree({ long: [3, 4], short: new Uint8Array([1, 2]), empty: true });
  expect(u32Of(root, 'long')).toBe(3);
  expect([u32Of(root, 'short'), u32Of(root, 'empty'), u32Of(root, 'absent')]).toEqual([null, null, null]);
});

test('keeps the lowest 64 bits of a number of three cells', () => {
  expect(numberAt([1, 2, 3], 0, 3)).toBe(0x2_0000_0003n);
  expect(numberAt([0xffff_ffff, 0xffff_fffe], 0, 2)).toBe(0xffff_ffff_ffff_fffen);
});

test('gives no number where the cells end before', () => {
  expect(numberAt([1], 0, 2)).toBeNull();
  expect(numberAt([1], 2, 0)).toBeNull();
});

test('splits strings at their NULs, and takes a last one without NUL', () => {
  const bytes = new TextEncoder().encode('a,b\0c');
  const { root } = deviceTree({ list: ['x', 'y'], open: bytes, empty: true, one: '' });
  expect(stringsOf(root, 'list')).toEqual(['x', 'y']);
  expect(stringsOf(root, 'open')).toEqual(['a,b', 'c']);
  expect(stringsOf(root, 'empty')).toEqual([]);
  expect(stringsOf(root, 'one')).toEqual(['']);
});

test('looks upwards for cell counts, and ends with 1 and 1', () => {
  const tree = deviceTree({ bus: { '#address-cells': 2, 'a@0': { '#size-cells': 0, 'b@0': {} } } });
  expect([addressCells(nodeAt(tree, '/bus/a@0')), sizeCells(nodeAt(tree, '/bus/a@0/b@0'))]).toEqual([2, 0]);
  expect([addressCells(tree.root), sizeCells(nodeAt(tree, '/bus'))]).toEqual([1, 1]);
});

test('takes the unit address off a name', () => {
  const tree = deviceTree({ 'usb@210000': {}, chosen: {} });
  expect([baseName(nodeAt(tree, '/usb@210000')), baseName(nodeAt(tree, '/chosen')), baseName(tree.root)]).toEqual([
    'usb',
    'chosen',
    '',
  ]);
});
