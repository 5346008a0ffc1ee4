import { expect, test } from 'vitest';
import { deviceTree, nodeAt, p4080Tree } from '../testing/index.ts';
import { dmaRanges, linuxRegions, rangesWindows, regRegions, type RegRegion, type Window } from './regions.ts';
import type { DeviceTree } from '../model/index.ts';

const row = (entry: RegRegion | Window): string => {
  const { cpuAddress, size, flags, dtIndex, property } = entry;
  const own = 'address' in entry ? entry.address : entry.childAddress;
  const cpu = cpuAddress.kind === 'address' ? cpuAddress.address.toString(16) : cpuAddress.cause;
  return `${property} ${dtIndex}: ${own.toString(16)} -> ${cpu} + ${size.toString(16)} ${flags.space}`;
};
const regions = (tree: DeviceTree, path: string): string[] => regRegions(tree, nodeAt(tree, path)).map(row);

test('R-TREE-2: correlates each entry of reg with its place in the property', () => {
  expect(regions(p4080Tree(), '/soc@ffe000000/msi@41600')).toEqual([
    'reg 0: 41600 -> ffe041600 + 200 memory',
    'reg 1: 44140 -> ffe044140 + 4 memory',
  ]);
  expect(regions(p4080Tree(), '/soc@ffe000000/crypto@300000/jr@1000')).toEqual([
    'reg 0: 1000 -> ffe301000 + 1000 memory',
  ]);
});

test('names regions from reg-names', () => {
  const tree = deviceTree({ a: { reg: [1, 1, 2, 1], 'reg-names': ['mac'] } });
  expect(regRegions(tree, nodeAt(tree, '/a')).map(({ name }) => name)).toEqual(['mac', null]);
});

test('leaves out a last entry that is not whole, and reads none of the root', () => {
  const tree = deviceTree({ reg: [1, 1], a: { reg: [1, 1, 2] } });
  expect(regions(tree, '/a')).toHaveLength(1);
  expect(regRegions(tree, tree.root)).toEqual([]);
});

test('keeps an entry that does not translate, with the reason; Linux counts only those before it', () => {
  const bus = { '#address-cells': 1, '#size-cells': 1, ranges: [0, 0x8000, 0x100] };
  const tree = deviceTree({ bus: { ...bus, dev: { reg: [0x10, 1, 0x200, 1, 0x20, 1] } } });
  expect(regions(tree, '/bus/dev')).toEqual([
    'reg 0: 10 -> 8010 + 1 memory',
    'reg 1: 200 -> outside-ranges + 1 memory',
    'reg 2: 20 -> 8020 + 1 memory',
  ]);
  expect(linuxRegions(tree, nodeAt(tree, '/bus/dev')).map(({ dtIndex }) => dtIndex)).toEqual([0]);
});

test('R-TREE-2: correlates the windows of a host bridge with its ranges', () => {
  const tree = p4080Tree();
  expect(rangesWindows(tree, nodeAt(tree, '/pcie@ffe200000')).map(row)).toEqual([
    'ranges 0: e0000000 -> c00000000 + 20000000 memory',
    'ranges 1: 0 -> ff8000000 + 10000 io',
  ]);
  expect(rangesWindows(tree, nodeAt(tree, '/pcie@ffe200000/pcie@0')).map(row)).toEqual([
    'ranges 0: e0000000 -> c00000000 + 20000000 memory',
    'ranges 1: 0 -> ff8000000 + 10000 io',
  ]);
});

test('marks prefetchable and 64-bit windows', () => {
  const tree = deviceTree({
    '#address-cells': 2,
    '#size-cells': 2,
    pcie: { device_type: 'pci', '#address-cells': 3, '#size-cells': 2, ranges: [0x4300_0000, 1n, 2n, 3n] },
  });
  const [window] = rangesWindows(tree, nodeAt(tree, '/pcie'));
  expect(window?.flags).toEqual({ space: 'memory', prefetchable: true, wide: true });
});

test('reads assigned-addresses, not reg, below a PCI bus', () => {
  const tree = deviceTree({
    '#address-cells': 2,
    '#size-cells': 2,
    pcie: {
      ...{ device_type: 'pci', '#address-cells': 3, '#size-cells': 2 },
      ranges: [0x200_0000, 0, 0x1000, 0, 0x9000, 0, 0x1000],
      'eth@0': { reg: [0, 0, 0, 0, 0], 'assigned-addresses': [0x8200_0010, 0, 0x1100, 0, 0x20] },
    },
  });
  expect(regions(tree, '/pcie/eth@0')).toEqual(['assigned-addresses 0: 1100 -> 9100 + 20 memory']);
});

test('finds the dma-ranges of the bus above, through at most one bus without', () => {
  const ranges = { 'dma-ranges': [0, 0x8000_0000, 0x1000] };
  const tree = deviceTree({ a: { ...ranges, b: { dev: {}, c: { dev: {} } } }, d: { dev: {} } });
  const seen = (path: string): string => {
    const found = dmaRanges(tree, nodeAt(tree, path));
    return found.kind === 'windows' ? `${found.bus.path}: ${found.windows.map(row).join()}` : found.kind;
  };
  expect(seen('/a/b')).toBe('/a: dma-ranges 0: 0 -> 80000000 + 1000 memory');
  expect(seen('/a/b/dev')).toBe('/a: dma-ranges 0: 0 -> 80000000 + 1000 memory');
  expect(seen('/a/b/c/dev')).toBe('identity');
  expect(seen('/d/dev')).toBe('identity');
});

test('says that dma-ranges lead nowhere', () => {
  const tree = deviceTree({ top: { 'dma-ranges': [0, 0, 1], a: { 'dma-ranges': [0, 0x8000_0000, 0x1000], dev: {} } } });
  expect(dmaRanges(tree, nodeAt(tree, '/top/a/dev'))).toMatchObject({ kind: 'broken' });
});
