import { expect, test } from 'vitest';
import { deviceTree, nodeAt, type NodeLiteral, type PropertyLiteral } from '../testing/index.ts';
import { msiControllers, msiIsolation } from './msi.ts';

function verdict(
  compatible: PropertyLiteral,
  dev: NodeLiteral = { 'msi-parent': [1, 5] },
  more: NodeLiteral = {},
): string {
  const tree = deviceTree({ msi: { compatible, phandle: 1, '#msi-cells': 1, ...more }, dev });
  return msiIsolation(tree, nodeAt(tree, '/dev')).kind;
}

test('R-GROUP-5: takes MSIs through an ITS for isolated, and through a GICv2m for not', () => {
  expect(verdict('arm,gic-v3-its')).toBe('yes');
  expect(verdict('arm,gic-v2m-frame')).toBe('no');
});

test('R-GROUP-5: takes an AMBA device for not isolated, whatever its node names', () => {
  expect(verdict('arm,gic-v3-its', { compatible: ['arm,pl031', 'arm,primecell'], 'msi-parent': [1, 5] })).toBe('no');
});

test("takes an ITS behind a Synquacer's pre-ITS for not isolated", () => {
  expect(verdict('arm,gic-v3-its', undefined, { 'socionext,synquacer-pre-its': [1, 2] })).toBe('no');
});

test('takes a device without MSI controller for not isolated, and says nothing about an unknown controller', () => {
  expect(verdict('arm,gic-v3-its', {})).toBe('no');
  expect(verdict('acme,msi')).toBe('unknown');
});

test('judges a host bridge by the targets of its msi-map, the weakest first', () => {
  const map = (dev: number[]): NodeLiteral => ({ 'msi-map': dev });
  expect(verdict('arm,gic-v3-its', map([0, 1, 0, 0x1_0000]))).toBe('yes');
  const tree = deviceTree({
    its: { compatible: 'arm,gic-v3-its', phandle: 1 },
    v2m: { compatible: 'arm,gic-v2m-frame', phandle: 2 },
    dev: map([...[0, 1, 0, 0x100], ...[0x100, 2, 0, 0x100]]),
  });
  expect(msiIsolation(tree, nodeAt(tree, '/dev'))).toMatchObject({ kind: 'no', controller: { path: '/v2m' } });
});

test('prefers msi-parent, which without #msi-cells is a phandle alone', () => {
  const tree = deviceTree({
    a: { phandle: 1 },
    b: { phandle: 2 },
    dev: { 'msi-parent': [1], 'msi-map': [0, 2, 0, 1] },
  });
  expect(
    msiControllers(tree, nodeAt(tree, '/dev')).map(({ property, controller }) => [property, controller.path]),
  ).toEqual([['msi-parent', '/a']]);
});
