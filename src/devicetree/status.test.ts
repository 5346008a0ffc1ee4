import { expect, test } from 'vitest';
import { deviceTree, nodeAt, type PropertyLiteral } from '../testing/index.ts';
import { compatibleOf, isCompatible } from './compatible.ts';
import { disabledBy, isAvailable } from './status.ts';

const available = (status?: PropertyLiteral): boolean =>
  isAvailable(deviceTree(status === undefined ? {} : { status }).root);

test('takes a node without status, and one that is okay or ok, as available', () => {
  expect([available(), available('okay'), available('ok')]).toEqual([true, true, true]);
});

test('takes every other status as not available, an empty one too', () => {
  const others: PropertyLiteral[] = ['disabled', 'fail', 'fail-sss', 'reserved', 'OKAY', '', true, 1];
  expect(others.filter(available)).toEqual([]);
});

test('names the nearest node that is disabled, the node itself first', () => {
  const tree = deviceTree({ a: { status: 'disabled', b: { c: { status: 'disabled' } } }, d: { e: {} } });
  expect(disabledBy(nodeAt(tree, '/a/b/c'))?.path).toBe('/a/b/c');
  expect(disabledBy(nodeAt(tree, '/a/b'))?.path).toBe('/a');
  expect(disabledBy(nodeAt(tree, '/d/e'))).toBeNull();
});

test('reads the compatible list in its order, and compares without letter case', () => {
  const { root } = deviceTree({ compatible: ['fsl,P4080DS', 'simple-bus'] });
  expect(compatibleOf(root)).toEqual(['fsl,P4080DS', 'simple-bus']);
  expect(isCompatible(root, new Set(['fsl,p4080ds']))).toBe(true);
  expect(isCompatible(root, new Set(['simple']))).toBe(false);
});
