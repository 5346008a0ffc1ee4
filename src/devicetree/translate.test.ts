import { expect, test } from 'vitest';
import { deviceTree, nodeAt, p4080Tree, type NodeLiteral } from '../testing/index.ts';
import { propertyCells } from './cells.ts';
import { dmaParent, translateAddress, type RangesProperty } from './translate.ts';
import type { DeviceTree } from '../model/index.ts';

/** Where the first `reg` of a node ends up: an address in hexadecimal, or the cause why it does not and the node. */
function place(tree: DeviceTree, path: string, property?: RangesProperty): string {
  const node = nodeAt(tree, path);
  const translation = translateAddress(tree, node, propertyCells(node, 'reg'), property);
  return translation.kind === 'address'
    ? translation.address.toString(16)
    : `${translation.cause} ${translation.at.path}`;
}

const below = (bus: NodeLiteral, reg: number[] = [0x1000, 0x10]): DeviceTree =>
  deviceTree({
    '#address-cells': 2,
    '#size-cells': 1,
    bus: { '#address-cells': 1, '#size-cells': 1, ...bus, dev: { reg } },
  });

test('leaves the address of a child of the root as it is', () => {
  expect(place(deviceTree({ '#address-cells': 2, a: { reg: [0xf, 0xfe00_0000, 1] } }), '/a')).toBe('ffe000000');
});

test('passes an address through an empty ranges unchanged', () => {
  expect(place(below({ ranges: true }), '/bus/dev')).toBe('1000');
});

test('stops at an absent ranges, and names the bus', () => {
  expect(place(below({}), '/bus/dev')).toBe('no-ranges /bus');
});

test('takes an absent ranges for an empty one on the machines that Linux excuses', () => {
  const mac = deviceTree({ compatible: 'MacRISC', bus: { dev: { reg: [0x1000, 0x10] } } });
  expect(place(mac, '/bus/dev')).toBe('1000');
  const sdc = deviceTree({ bus: { compatible: '1682m-sdc', dev: { reg: [0x1000, 0x10] } } });
  expect(place(sdc, '/bus/dev')).toBe('1000');
});

test('finds the entry that holds the address, the last byte included, the one behind it not', () => {
  const ranges = [...[0, 1, 0, 0x1000], ...[0x1000, 2, 0, 0x100]];
  expect(place(below({ ranges }, [0xfff, 1]), '/bus/dev')).toBe('100000fff');
  expect(place(below({ ranges }, [0x10ff, 1]), '/bus/dev')).toBe('2000000ff');
  expect(place(below({ ranges }, [0x1100, 1]), '/bus/dev')).toBe('outside-ranges /bus');
});

test('goes through several levels', () => {
  const tree = deviceTree({
    '#address-cells': 2,
    '#size-cells': 2,
    soc: {
      ranges: [0, 0xf, 0xfe00_0000, 0x100_0000],
      '#address-cells': 1,
      '#size-cells': 1,
      dma: {
        reg: [0x10_0300, 4],
        ranges: [0, 0x10_0100, 0x200],
        '#address-cells': 1,
        '#size-cells': 1,
        c: { reg: [0x80, 0x80] },
      },
    },
  });
  expect(place(tree, '/soc/dma/c')).toBe('ffe100180');
});

test('translates nothing where a bus has no sizes, as i2c, or too many address cells', () => {
  expect(place(p4080Tree(), '/soc@ffe000000/i2c@119000/eeprom@51')).toBe('cells /soc@ffe000000/i2c@119000');
  expect(
    place(deviceTree({ bus: { '#address-cells': 5, ranges: true, dev: { reg: [0, 0, 0, 0, 1, 1] } } }), '/bus/dev'),
  ).toBe('cells /bus');
});

test('says that the cells are too few, and that the root has no address', () => {
  const tree = deviceTree({ '#address-cells': 2, a: { reg: [1] } });
  expect(place(tree, '/a')).toBe('short /a');
  expect(translateAddress(tree, tree.root, [0, 0])).toMatchObject({ kind: 'none', cause: 'root' });
});

const pci: NodeLiteral = {
  device_type: 'pci',
  '#address-cells': 3,
  '#size-cells': 2,
  ranges: [
    ...[0x200_0000, 0, 0xe000_0000, 0xc, 0, 0, 0x2000_0000],
    ...[0x100_0000, 0, 0, 0xf, 0xf800_0000, 0, 0x1_0000],
  ],
};
const bridge = (reg: number[]): DeviceTree =>
  deviceTree({ '#address-cells': 2, '#size-cells': 2, 'pcie@1': { ...pci, dev: { reg } } });

test('keeps PCI memory and I/O apart by the first cell', () => {
  expect(place(bridge([0x200_0000, 0, 0xe000_1000, 0, 0x10]), '/pcie@1/dev')).toBe('c00001000');
  expect(place(bridge([0x100_0000, 0, 0x10, 0, 0x10]), '/pcie@1/dev')).toBe('ff8000010');
});

test('takes prefetchable and 64-bit PCI memory for memory, whatever its device number', () => {
  expect(place(bridge([0x4300_0810, 0, 0xe000_1000, 0, 0x10]), '/pcie@1/dev')).toBe('c00001000');
});

test('translates no PCI configuration address', () => {
  expect(place(p4080Tree(), '/pcie@ffe200000/pcie@0')).toBe('outside-ranges /pcie@ffe200000');
});

test('carries PCI flags through a bridge below a bridge', () => {
  const tree = deviceTree({
    '#address-cells': 2,
    '#size-cells': 2,
    'pcie@1': {
      ...pci,
      'pcie@0': {
        ...pci,
        ranges: [0x200_0000, 0, 0xe000_0000, 0x200_0000, 0, 0xe000_0000, 0, 0x2000_0000],
        dev: { reg: [0x200_0000, 0, 0xe000_0020, 0, 0x10] },
      },
    },
  });
  expect(place(tree, '/pcie@1/pcie@0/dev')).toBe('c00000020');
});

test('keeps ISA memory and I/O apart by the lowest bit of the first cell', () => {
  const isa = (reg: number[]): DeviceTree =>
    deviceTree({
      '#address-cells': 1,
      '#size-cells': 1,
      isa: { '#address-cells': 2, '#size-cells': 1, ranges: [1, 0, 0x1800_0000, 0x1_0000], rtc: { reg } },
    });
  expect(place(isa([1, 0x70, 2]), '/isa/rtc')).toBe('18000070');
  expect(place(isa([0, 0x70, 2]), '/isa/rtc')).toBe('outside-ranges /isa');
});

test('compares the whole first cell on a bus of three cells that is not PCI', () => {
  const bus = (first: number): DeviceTree =>
    deviceTree({
      '#address-cells': 1,
      '#size-cells': 1,
      bus: {
        '#address-cells': 3,
        '#size-cells': 1,
        ranges: [7, 0, 0x100, 0x5000, 0x100],
        dev: { reg: [first, 0, 0x108, 4] },
      },
    });
  expect(place(bus(7), '/bus/dev')).toBe('5008');
  expect(place(bus(6), '/bus/dev')).toBe('outside-ranges /bus');
});

test('goes on without dma-ranges, unlike without ranges', () => {
  expect(place(below({}), '/bus/dev', 'dma-ranges')).toBe('1000');
});

test('sends DMA along the interconnect that is named for it', () => {
  const tree = deviceTree({
    mbus: { phandle: 5, '#interconnect-cells': 1 },
    soc: { named: { interconnects: [5, 1], 'interconnect-names': 'dma-mem' }, plain: { interconnects: [5, 1] } },
  });
  expect(dmaParent(tree, nodeAt(tree, '/soc/named'))?.path).toBe('/mbus');
  expect(dmaParent(tree, nodeAt(tree, '/soc/plain'))?.path).toBe('/soc');
});

test('ends where DMA leads in a circle', () => {
  const round = (phandle: number): NodeLiteral => ({
    phandle,
    '#interconnect-cells': 0,
    '#address-cells': 1,
    '#size-cells': 1,
    interconnects: [phandle === 1 ? 2 : 1],
    'interconnect-names': 'dma-mem',
    reg: [1, 1],
  });
  expect(place(deviceTree({ a: round(1), b: round(2) }), '/a', 'dma-ranges')).toMatch(/^root /);
});
