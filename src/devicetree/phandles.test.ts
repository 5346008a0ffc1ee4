import { expect, test } from 'vitest';
import { deviceTree, nodeAt, type PropertyLiteral } from '../testing/index.ts';
import { referencesOf, type SpecifierCells } from './phandles.ts';

function read(clocks: PropertyLiteral, cells: SpecifierCells = { property: '#clock-cells' }): string[] {
  const tree = deviceTree({
    one: { phandle: 1, '#clock-cells': 1 },
    none: { phandle: 2 },
    vast: { phandle: 3, '#clock-cells': 0xffff_ffff },
    user: { clocks },
  });
  return referencesOf(tree, nodeAt(tree, '/user'), 'clocks', cells).map((reference) => {
    switch (reference.kind) {
      case 'to':
        return `${reference.dtIndex} ${reference.provider.path} ${reference.specifier.join(' ')}`.trim();
      case 'hole':
        return `${reference.dtIndex} hole`;
      case 'broken':
        return `${reference.dtIndex} broken`;
    }
  });
}

test('reads each entry with as many cells as its provider asks for', () => {
  expect(read([1, 7, 1, 8])).toEqual(['0 /one 7', '1 /one 8']);
});

test('counts a phandle of 0 as an entry', () => {
  expect(read([0, 1, 7])).toEqual(['0 hole', '1 /one 7']);
});

test('ends the list at an entry that cannot be read, and keeps those before it', () => {
  expect(read([1, 7, 99, 1, 8])).toEqual(['0 /one 7', '1 broken']);
  expect(read([1, 7, 2])).toEqual(['0 /one 7', '1 broken']);
  expect(read([1, 7, 1])).toEqual(['0 /one 7', '1 broken']);
  expect(read([3, 1, 1])).toEqual(['0 broken']);
});

test('takes the given count where the provider says none', () => {
  expect(read([2, 1, 7], { property: '#clock-cells', orElse: 0 })).toEqual(['0 /none', '1 /one 7']);
  expect(read([2, 1], { fixed: 0 })).toEqual(['0 /none', '1 /one']);
});

test('reads nothing from an absent or empty property', () => {
  expect(read(true)).toEqual([]);
  const tree = deviceTree({});
  expect(referencesOf(tree, tree.root, 'clocks', { fixed: 0 })).toEqual([]);
});
