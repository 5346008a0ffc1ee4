import { expect, test } from 'vitest';
import { deviceTree, nodeAt, type NodeLiteral } from '../testing/index.ts';
import { dependenciesOf, indexDependencies, sharedWith } from './dependencies.ts';
import type { DeviceTree } from '../model/index.ts';

const PROVIDERS: NodeLiteral = {
  clk: { phandle: 1, '#clock-cells': 1 },
  rst: { phandle: 2, '#reset-cells': 1 },
  pd: { phandle: 3, '#power-domain-cells': 0 },
  reg: { phandle: 4 },
  mdio: { 'phy@0': { phandle: 5 }, 'phy@1': { phandle: 6 } },
  gpio: { phandle: 7, '#gpio-cells': 2 },
  pins: { phandle: 8 },
  noc: { phandle: 9, '#interconnect-cells': 1 },
};
const treeWith = (more: NodeLiteral): DeviceTree => deviceTree({ ...PROVIDERS, ...more });

function listed(dev: NodeLiteral): string[] {
  const tree = treeWith({ dev });
  const { found, broken } = dependenciesOf(tree, nodeAt(tree, '/dev'));
  return [
    ...found.map(({ kind, property, dtIndex, provider, specifier, name }) =>
      [kind, `${property}#${dtIndex}`, provider.path, ...specifier, name ?? '-'].join(' '),
    ),
    ...broken.map(({ property, dtIndex }) => `broken ${property}#${dtIndex}`),
  ];
}

test('lists what a device brings with it, with the names that it has for them', () => {
  expect(
    listed({
      clocks: [1, 4, 1, 5],
      'clock-names': ['axi', 'ref'],
      resets: [2, 9],
      'power-domains': [3],
      'vmmc-supply': 4,
      'phy-handle': 5,
      'cs-gpios': [7, 3, 1],
      'pinctrl-names': ['default', 'sleep'],
      'pinctrl-0': 8,
      'pinctrl-1': 8,
      interconnects: [9, 1, 9, 2],
      'interconnect-names': 'dma-mem',
    }),
  ).toEqual([
    'clock clocks#0 /clk 4 axi',
    'clock clocks#1 /clk 5 ref',
    'reset resets#0 /rst 9 -',
    'power-domain power-domains#0 /pd -',
    'regulator vmmc-supply#0 /reg vmmc',
    'phy-handle phy-handle#0 /mdio/phy@0 -',
    'gpio cs-gpios#0 /gpio 3 1 cs',
    'pinctrl pinctrl-0#0 /pins default',
    'pinctrl pinctrl-1#0 /pins sleep',
    'interconnect interconnects#0 /noc 1 dma-mem',
    'interconnect interconnects#1 /noc 2 dma-mem',
  ]);
});

test('takes no count for a list of GPIOs, and no hog for a user', () => {
  expect(listed({ 'nr-gpios': 8, 'snps,nr-gpios': 8, 'gpio-hog': true, gpios: [3, 1] })).toEqual([]);
});

test('names what cannot be read, keeps the rest, and passes over holes', () => {
  expect(listed({ clocks: [1, 4, 99], resets: [0, 2, 1] })).toEqual([
    'clock clocks#0 /clk 4 -',
    'reset resets#1 /rst 1 -',
    'broken clocks#1',
  ]);
});

/** Who else uses each thing that /dev depends on. */
function sharers(more: NodeLiteral, inside: readonly string[] = ['/dev']): string[] {
  const tree = treeWith(more);
  const index = indexDependencies(tree);
  const along = new Set(inside.map((path) => nodeAt(tree, path)));
  return dependenciesOf(tree, nodeAt(tree, '/dev')).found.map((dependency) =>
    sharedWith(index, dependency, along)
      .map(({ path }) => path)
      .join(),
  );
}

test('finds who else uses the same clock, and leaves out who uses another of the same controller', () => {
  expect(sharers({ dev: { clocks: [1, 4] }, same: { clocks: [1, 9, 1, 4] }, other: { clocks: [1, 5] } })).toEqual([
    '/same',
  ]);
});

test('leaves out what goes along, what is disabled, and what is below something disabled', () => {
  const user = { clocks: [1, 4] };
  const tree = { dev: { ...user, child: user }, off: { status: 'disabled', ...user, below: user } };
  expect(sharers(tree, ['/dev', '/dev/child'])).toEqual(['']);
  expect(sharers(tree)).toEqual(['/dev/child']);
});

test('takes PHYs on one MDIO bus for shared, and a GPIO whatever its flags', () => {
  expect(sharers({ dev: { 'phy-handle': 5 }, eth1: { 'phy-handle': 6 } })).toEqual(['/eth1']);
  expect(sharers({ dev: { 'a-gpios': [7, 3, 0] }, b: { 'b-gpios': [7, 3, 1] }, c: { 'c-gpios': [7, 4, 0] } })).toEqual([
    '/b',
  ]);
});
