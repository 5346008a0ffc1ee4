import { expect, test } from 'vitest';
import { physical } from '../model/index.ts';
import { sharedPages } from './overlap.ts';

const shared = (a: [bigint, bigint], b: [bigint, bigint], page = 0x1000n): string => {
  const found = sharedPages({ start: physical(a[0]), size: a[1] }, { start: physical(b[0]), size: b[1] }, page);
  return found ? `${found.first.toString(16)}-${found.last.toString(16)}` : 'none';
};

test('R-TREE-1: finds the page that two extents share without overlapping', () => {
  expect(shared([0x1000n, 0x100n], [0x1f00n, 0x10n])).toBe('1000-1fff');
  expect(shared([0x1fffn, 2n], [0x2fffn, 1n])).toBe('2000-2fff');
});

test('R-TREE-1: is silent about extents in neighbouring pages', () => {
  expect(shared([0x1000n, 0x1000n], [0x2000n, 0x1000n])).toBe('none');
  expect(shared([0x3000n, 1n], [0x1000n, 0x2000n])).toBe('none');
});

test('depends on the page size', () => {
  expect(shared([0x1000n, 0x1000n], [0x2000n, 0x1000n], 0x1_0000n)).toBe('0-ffff');
});

test('gives all pages of an overlap, and none for an extent of no bytes', () => {
  expect(shared([0x1000n, 0x4000n], [0x2800n, 0x1000n])).toBe('2000-3fff');
  expect(shared([0x1000n, 0n], [0x1000n, 0x1000n])).toBe('none');
});

test('goes to the end of the address space', () => {
  expect(shared([0xffff_ffff_ffff_f000n, 0x1000n], [0xffff_ffff_ffff_fffcn, 4n])).toBe(
    'fffffffffffff000-ffffffffffffffff',
  );
});
