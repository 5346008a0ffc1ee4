import { expect, test } from 'vitest';
import { deviceTree, nodeAt, p4080Tree, type NodeLiteral } from '../testing/index.ts';
import { idMapOf, liodnOf, mapId, streamsOf } from './streams.ts';

const smmu = (phandle: number, cells: number, more: NodeLiteral = {}): NodeLiteral => ({
  phandle,
  '#iommu-cells': cells,
  ...more,
});

test('lists the streams of a device by IOMMU', () => {
  const tree = deviceTree({ a: smmu(1, 1), b: smmu(2, 2), dev: { iommus: [1, 0x10, 2, 0x20, 0x7f80, 1, 0x11] } });
  const { streams, broken } = streamsOf(tree, nodeAt(tree, '/dev'));
  expect(streams.map(({ dtIndex, iommu, ids, mask }) => [dtIndex, iommu.path, ids, mask])).toEqual([
    [0, '/a', [0x10], null],
    [1, '/b', [0x20, 0x7f80], 0x7f80],
    [2, '/a', [0x11], null],
  ]);
  expect(broken).toBeNull();
});

test('takes the mask of the SMMU where a stream has none', () => {
  const tree = deviceTree({ a: smmu(1, 1, { 'stream-match-mask': 0x7c00 }), dev: { iommus: [1, 5] } });
  expect(streamsOf(tree, nodeAt(tree, '/dev')).streams[0]?.mask).toBe(0x7c00);
});

test('keeps the streams before one that cannot be read, and looks at no node above', () => {
  const tree = deviceTree({ a: smmu(1, 1), dev: { iommus: [1, 5, 9], child: {} }, hole: { iommus: [0, 1, 5] } });
  const { streams, broken } = streamsOf(tree, nodeAt(tree, '/dev'));
  expect([streams.length, broken !== null]).toEqual([1, true]);
  expect(streamsOf(tree, nodeAt(tree, '/dev/child'))).toEqual({ streams: [], broken: null });
  expect(streamsOf(tree, nodeAt(tree, '/hole'))).toMatchObject({ streams: [], broken: expect.any(String) as string });
});

function mapped(map: readonly number[], id: number, mask?: number): string {
  const tree = deviceTree({
    smmu: { phandle: 1 },
    other: { phandle: 2 },
    pcie: { 'iommu-map': map, ...(mask === undefined ? {} : { 'iommu-map-mask': mask }) },
  });
  const read = idMapOf(tree, nodeAt(tree, '/pcie'), 'iommu-map');
  if (!read) return 'none';
  const result = mapId(read, id);
  return result.kind === 'mapped'
    ? `${result.target.path} 0x${result.id.toString(16)} by ${result.entry}`
    : result.kind;
}

test('maps a requester id by the entry that holds it, first and last included', () => {
  const map = [...[0, 1, 0x1000, 0x100], ...[0x100, 2, 0x8000, 0x100]];
  expect([0, 0xff, 0x100, 0x1ff, 0x200].map((id) => mapped(map, id))).toEqual([
    '/smmu 0x1000 by 0',
    '/smmu 0x10ff by 0',
    '/other 0x8000 by 1',
    '/other 0x80ff by 1',
    'unmapped',
  ]);
});

test('looks only at the bits of the mask, and refuses an entry that begins outside it', () => {
  expect(mapped([0, 1, 0x40, 0x100], 0x1205, 0xff)).toBe('/smmu 0x45 by 0');
  expect(mapped([0x100, 1, 0x40, 0x100], 5, 0xff)).toBe('broken');
});

test('refuses a map of odd length and one to a phandle that is not there', () => {
  expect(mapped([0, 1, 0], 0)).toBe('broken');
  expect(mapped([], 0)).toBe('broken');
  expect(mapped([0, 9, 0, 1], 0)).toBe('broken');
});

test('reads no map where there is no property', () => {
  const tree = deviceTree({});
  expect(idMapOf(tree, tree.root, 'msi-map')).toBeNull();
});

test("finds the PAMU of a QorIQ device and its LIODN register; a child has its parent's PAMU", () => {
  const tree = p4080Tree();
  const usb = liodnOf(tree, nodeAt(tree, '/soc@ffe000000/usb@210000'));
  expect([usb?.ids, usb?.pamu?.name, usb?.register?.node.name, usb?.register?.offset]).toEqual([
    [],
    'pamu@1000',
    'global-utilities@e0000',
    0x520,
  ]);
  expect(liodnOf(tree, nodeAt(tree, '/soc@ffe000000/crypto@300000/jr@1000'))?.pamu?.name).toBe('pamu@1000');
  expect(liodnOf(tree, nodeAt(tree, '/soc@ffe000000/i2c@119000'))).toBeNull();
});

test('reads the LIODNs that a boot loader wrote', () => {
  const tree = deviceTree({ dev: { 'fsl,liodn': [33, 34] } });
  expect(liodnOf(tree, nodeAt(tree, '/dev'))).toEqual({ ids: [33, 34], pamu: null, register: null });
});
