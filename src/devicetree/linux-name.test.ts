import { expect, test } from 'vitest';
import { deviceTree, nodeAt, p4080Tree, type NodeLiteral } from '../testing/index.ts';
import { linuxNameOf } from './linux-name.ts';

const nameIn = (root: NodeLiteral, path: string): string => {
  const tree = deviceTree(root);
  return linuxNameOf(tree, nodeAt(tree, path));
};

test('R-NAME-1: begins with the CPU address, in hexadecimal without zeroes before it', () => {
  const tree = p4080Tree();
  expect(linuxNameOf(tree, nodeAt(tree, '/soc@ffe000000/usb@210000'))).toBe('ffe210000.usb');
  expect(linuxNameOf(tree, nodeAt(tree, '/soc@ffe000000/crypto@300000/jr@1000'))).toBe('ffe301000.jr');
});

test('goes up to the nearest node with an address where a node has none', () => {
  const tree = p4080Tree();
  expect(linuxNameOf(tree, nodeAt(tree, '/soc@ffe000000/soc-sram-error'))).toBe('ffe000000.soc:soc-sram-error');
  expect(linuxNameOf(tree, nodeAt(tree, '/pcie@ffe200000/pcie@0'))).toBe('ffe200000.pcie:pcie@0');
});

test('takes the names of all nodes above where none has an address, unit addresses included', () => {
  expect(nameIn({ 'soc@0': { 'pmu@1': {} } }, '/soc@0/pmu@1')).toBe('soc@0:pmu@1');
  expect(nameIn({ timer: {} }, '/timer')).toBe('timer');
});

test('adds the lowest bit of a mask', () => {
  expect(nameIn({ 'clk@10': { reg: [0x10, 4], mask: 0x40 } }, '/clk@10')).toBe('10.6.clk');
  expect(nameIn({ 'clk@10': { reg: [0x10, 4], mask: 0x8000_0000 } }, '/clk@10')).toBe('10.1f.clk');
  expect(nameIn({ 'clk@10': { reg: [0x10, 4], mask: 0 } }, '/clk@10')).toBe('10.ffffffff.clk');
});
