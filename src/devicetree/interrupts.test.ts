import { expect, test } from 'vitest';
import { deviceTree, nodeAt, p4080Tree, type NodeLiteral } from '../testing/index.ts';
import { interruptMapEntries, interruptParent, interruptsOf, linuxInterrupts } from './interrupts.ts';
import type { DeviceTree } from '../model/index.ts';

const GIC: NodeLiteral = {
  compatible: 'arm,gic-400',
  'interrupt-controller': true,
  '#interrupt-cells': 3,
  '#address-cells': 0,
  phandle: 1,
};

/** One line for each interrupt: property and index, controller and number, how it got there. */
function seen(tree: DeviceTree, path: string): string[] {
  return interruptsOf(tree, nodeAt(tree, path)).map((interrupt) => {
    const place = `${interrupt.property} ${interrupt.dtIndex}`;
    if (interrupt.kind === 'broken') return `${place} broken`;
    const { controller, hwirq, trigger, route } = interrupt;
    const way =
      route.kind === 'direct' ? 'direct' : route.through.map(({ nexus, entry }) => `${nexus.path}#${entry}`).join();
    return `${place} ${controller.path} ${hwirq} ${trigger} ${way}`;
  });
}

test('R-TREE-2: correlates each interrupt with its place in the property', () => {
  const tree = deviceTree({
    'interrupt-parent': 1,
    gic: GIC,
    eth: { interrupts: [0, 77, 4, 0, 78, 4, 0, 79, 1], 'interrupt-names': ['main', 'pm'] },
  });
  expect(seen(tree, '/eth')).toEqual([
    'interrupts 0 /gic 109 level-high direct',
    'interrupts 1 /gic 110 level-high direct',
    'interrupts 2 /gic 111 edge-rising direct',
  ]);
  expect(interruptsOf(tree, nodeAt(tree, '/eth')).map(({ name }) => name)).toEqual(['main', 'pm', null]);
});

test('follows the nearest interrupt-parent, and past nodes without #interrupt-cells', () => {
  const tree = deviceTree({
    'interrupt-parent': 1,
    gic: GIC,
    pic: { 'interrupt-controller': true, '#interrupt-cells': 1, phandle: 2 },
    alias: { phandle: 3, 'interrupt-parent': 2 },
    soc: { 'interrupt-parent': 2, near: { interrupts: [4] }, own: { 'interrupt-parent': 1, interrupts: [0, 4, 4] } },
    far: { 'interrupt-parent': 3, interrupts: [5] },
  });
  expect(seen(tree, '/soc/near')).toEqual(['interrupts 0 /pic 4 unknown direct']);
  expect(seen(tree, '/soc/own')).toEqual(['interrupts 0 /gic 36 level-high direct']);
  expect(seen(tree, '/far')).toEqual(['interrupts 0 /pic 5 unknown direct']);
});

test('prefers interrupts-extended, each entry with a controller of its own', () => {
  const tree = deviceTree({
    'interrupt-parent': 1,
    gic: GIC,
    pic: { 'interrupt-controller': true, '#interrupt-cells': 2, phandle: 2 },
    dev: { interrupts: [0, 1, 4], 'interrupts-extended': [2, 7, 1, 1, 0, 9, 4] },
  });
  expect(seen(tree, '/dev')).toEqual([
    'interrupts-extended 0 /pic 7 edge-rising direct',
    'interrupts-extended 1 /gic 41 level-high direct',
  ]);
});

test('keeps the others when one is broken, and counts for Linux only those before it', () => {
  const tree = deviceTree({
    gic: GIC,
    lost: { phandle: 2, 'interrupt-controller': true },
    dev: { 'interrupts-extended': [1, 0, 9, 4, 0, 1, 0, 10, 4, 2] },
  });
  expect(seen(tree, '/dev')).toEqual([
    'interrupts-extended 0 /gic 41 level-high direct',
    'interrupts-extended 1 broken',
    'interrupts-extended 2 /gic 42 level-high direct',
    'interrupts-extended 3 broken',
  ]);
  expect(linuxInterrupts(tree, nodeAt(tree, '/dev')).map(({ dtIndex }) => dtIndex)).toEqual([0]);
});

test('says what is wrong with a short property and with a parent that is not there', () => {
  const tree = deviceTree({
    'interrupt-parent': 1,
    gic: GIC,
    short: { interrupts: [0, 9, 4, 0] },
    orphan: { 'interrupt-parent': 9, interrupts: [1] },
    none: {},
  });
  expect(seen(tree, '/short')).toEqual(['interrupts 0 /gic 41 level-high direct', 'interrupts 1 broken']);
  expect(seen(tree, '/orphan')).toEqual(['interrupts 0 broken']);
  expect(seen(tree, '/none')).toEqual([]);
});

const nexus = (map: readonly number[], more: NodeLiteral = {}): DeviceTree =>
  deviceTree({
    gic: GIC,
    'bus@0': {
      ...{ '#address-cells': 1, '#size-cells': 1, '#interrupt-cells': 1 },
      'interrupt-map': map,
      'interrupt-map-mask': [0xff00, 7],
      ...more,
      'a@100': { reg: [0x1_0142, 1], interrupts: [0xf9] },
      'b@200': { reg: [0x200, 1], interrupts: [2] },
    },
  });

test('R-TREE-3: tells an interrupt through an interrupt-map from a direct one, and masks address and number', () => {
  const tree = nexus([...[0x200, 2, 1, 0, 8, 4], ...[0x100, 1, 1, 0, 7, 4]]);
  expect(seen(tree, '/bus@0/a@100')).toEqual(['interrupts 0 /gic 39 level-high /bus@0#1']);
  expect(seen(tree, '/bus@0/b@200')).toEqual(['interrupts 0 /gic 40 level-high /bus@0#0']);
});

test('compares all bits without a mask', () => {
  const without = (unit: number): DeviceTree =>
    deviceTree({
      gic: GIC,
      bus: {
        ...{ '#address-cells': 1, '#size-cells': 1, '#interrupt-cells': 1 },
        'interrupt-map': [0x8000_0100, 1, 1, 0, 7, 4],
        dev: { reg: [unit, 1], interrupts: [1] },
      },
    });
  expect(seen(without(0x8000_0100), '/bus/dev')).toEqual(['interrupts 0 /gic 39 level-high /bus#0']);
  expect(seen(without(0x100), '/bus/dev')).toEqual(['interrupts 0 broken']);
});

test('passes over an entry whose controller is disabled', () => {
  const tree = deviceTree({
    off: { ...GIC, phandle: 2, status: 'disabled' },
    gic: GIC,
    bus: {
      ...{ '#address-cells': 0, '#interrupt-cells': 1 },
      'interrupt-map': [...[1, 2, 0, 5, 4], ...[1, 1, 0, 6, 4]],
      dev: { interrupts: [1] },
    },
  });
  expect(seen(tree, '/bus/dev')).toEqual(['interrupts 0 /gic 38 level-high /bus#1']);
});

test('follows a map into another map', () => {
  const tree = deviceTree({
    gic: GIC,
    outer: {
      ...{ phandle: 3, '#address-cells': 1, '#interrupt-cells': 1 },
      'interrupt-map': [0x20, 2, 1, 0, 30, 1],
    },
    inner: {
      ...{ '#address-cells': 0, '#interrupt-cells': 1 },
      'interrupt-map': [9, 3, 0x20, 2],
      dev: { interrupts: [9] },
    },
  });
  expect(seen(tree, '/inner/dev')).toEqual(['interrupts 0 /gic 62 edge-rising /inner#0,/outer#0']);
  const [entry] = interruptMapEntries(tree, nodeAt(tree, '/inner'));
  expect(entry).toMatchObject({ kind: 'resolved', hwirq: 62, through: [{ entry: 0 }] });
});

test('ends where maps, or interrupt-parents, lead in a circle', () => {
  const round = (phandle: number, next: number): NodeLiteral => ({
    ...{ phandle, '#address-cells': 0, '#interrupt-cells': 1, 'interrupt-map': [1, next, 1] },
    dev: { interrupts: [1] },
  });
  const tree = deviceTree({
    a: round(1, 2),
    b: round(2, 1),
    c: { phandle: 3, 'interrupt-parent': 4 },
    d: { phandle: 4, 'interrupt-parent': 3 },
  });
  expect(seen(tree, '/a/dev')).toEqual(['interrupts 0 broken']);
  expect(interruptParent(tree, nodeAt(tree, '/c'))).toBeNull();
});

test('takes a map entry to the nexus itself as the end, and ignores the map of controllers that misuse it', () => {
  const self: NodeLiteral = {
    phandle: 1,
    '#address-cells': 0,
    '#interrupt-cells': 1,
    'interrupt-map': [1, 1, 8],
    'interrupt-controller': true,
  };
  const tree = deviceTree({
    pic: self,
    odd: { ...self, phandle: 2, compatible: 'fsl,ls1021a-extirq', 'interrupt-map': [1, 99] },
    dev: { 'interrupts-extended': [1, 1, 2, 5] },
  });
  expect(seen(tree, '/dev')).toEqual([
    'interrupts-extended 0 /pic 8 unknown /pic#0',
    'interrupts-extended 1 /odd 5 unknown direct',
  ]);
});

test('R-TREE-3: lists what a PCIe controller wires its slots to', () => {
  const tree = p4080Tree();
  const entries = interruptMapEntries(tree, nodeAt(tree, '/pcie@ffe200000/pcie@0'));
  expect(
    entries.map((entry) =>
      entry.kind === 'resolved'
        ? `${entry.dtIndex}: pin ${entry.childSpecifier.join()} -> ${entry.controller.name} ${entry.hwirq} ${entry.trigger}`
        : entry.reason,
    ),
  ).toEqual([
    '0: pin 1 -> pic@40000 40 level-low',
    '1: pin 2 -> pic@40000 1 level-low',
    '2: pin 3 -> pic@40000 2 level-low',
    '3: pin 4 -> pic@40000 3 level-low',
  ]);
  expect(seen(tree, '/pcie@ffe200000/pcie@0')).toEqual([
    'interrupts 0 /soc@ffe000000/pic@40000 null level-high direct',
  ]);
});

test('keeps the entries of a map before one that cannot be read, and says why it ends', () => {
  const tree = nexus([...[0x100, 1, 1, 0, 7, 4], ...[0x200, 2, 99, 0, 8, 4]]);
  const entries = interruptMapEntries(tree, nodeAt(tree, '/bus@0'));
  expect(entries.map(({ kind, dtIndex }) => `${kind} ${dtIndex}`)).toEqual(['resolved 0', 'broken 1']);
  const cut = nexus([0x100, 1, 1, 0, 7]);
  expect(interruptMapEntries(cut, nodeAt(cut, '/bus@0'))).toMatchObject([{ kind: 'broken', dtIndex: 0 }]);
});

test('says that a nexus has no #interrupt-cells, and lists nothing where there is no map', () => {
  const tree = deviceTree({ a: { 'interrupt-map': [1, 2] }, b: {} });
  expect(interruptMapEntries(tree, nodeAt(tree, '/a'))).toMatchObject([{ kind: 'broken' }]);
  expect(interruptMapEntries(tree, nodeAt(tree, '/b'))).toEqual([]);
});
