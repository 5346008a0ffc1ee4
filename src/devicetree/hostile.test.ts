import fc from 'fast-check';
import { expect, test } from 'vitest';
import { deviceTree, nodeAt, type NodeLiteral, type PropertyLiteral } from '../testing/index.ts';
import {
  busOf,
  coherency,
  dependenciesOf,
  dmaCoherence,
  dmaRanges,
  driverMadeDevices,
  findNode,
  idMapOf,
  indexDependencies,
  interruptMapEntries,
  interruptsOf,
  liodnOf,
  linuxDevices,
  linuxInterrupts,
  linuxNameOf,
  linuxRegions,
  mapId,
  msiIsolation,
  rangesWindows,
  regRegions,
  sharedWith,
  streamsOf,
  whyNoDevice,
} from './index.ts';
import type { DeviceTree, DeviceTreeNode } from '../model/index.ts';

/** Small numbers above all: they are the ones that are phandles, cell counts and addresses of other things. */
const cell = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 6 }) },
  { weight: 1, arbitrary: fc.constantFrom(0xffff_ffff, 0x8000_0000, 0x200_0000, 0x100_0000, 0x1000, 16, 17) },
);
const PROPERTIES = [
  ...['#address-cells', '#size-cells', '#interrupt-cells', '#iommu-cells', '#clock-cells', '#interconnect-cells'],
  ...['reg', 'ranges', 'dma-ranges', 'assigned-addresses', 'mask', 'phandle', 'linux,phandle', '#msi-cells'],
  ...[
    'interrupts',
    'interrupts-extended',
    'interrupt-parent',
    'interrupt-map',
    'interrupt-map-mask',
    'interrupt-controller',
  ],
  ...[
    'iommus',
    'iommu-map',
    'iommu-map-mask',
    'msi-map',
    'msi-parent',
    'fsl,liodn',
    'fsl,iommu-parent',
    'fsl,liodn-reg',
  ],
  ...['clocks', 'interconnects', 'phy-handle', 'vcc-supply', 'a-gpios', 'pinctrl-0', 'dma-coherent', 'status'],
];
const value: fc.Arbitrary<PropertyLiteral> = fc.oneof(
  { weight: 8, arbitrary: fc.array(cell, { maxLength: 24 }) },
  { weight: 3, arbitrary: fc.constant<PropertyLiteral>(true) },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 33 }) },
);
const WORDS: readonly PropertyLiteral[] = [
  ...[
    'simple-bus',
    'fixed-clock',
    'arm,gic-v3',
    'arm,primecell',
    'arm,smmu-v3',
    'fsl,mpic',
    'fsl,P4080DS',
    'isa',
    'ramoops',
  ],
  ['acme,dev', 'simple-mfd'],
];
const NAMES = ['a', 'b@1', 'b@2', 'pcie@3', 'isa', 'cpus', 'chosen', 'aliases', 'firmware', 'PowerPC,e500mc@0'];

const node: fc.Memo<NodeLiteral> = fc.memo((depth) => {
  const properties = fc.dictionary(fc.constantFrom(...PROPERTIES), value, { maxKeys: 10, noNullPrototype: true });
  const compatible = fc.option(fc.constantFrom(...WORDS), { nil: undefined });
  const type = fc.option(fc.constantFrom('pci', 'soc', 'open-pic'), { nil: undefined });
  const children =
    depth <= 1
      ? fc.constant({})
      : fc.dictionary(fc.constantFrom(...NAMES), node(depth - 1), { maxKeys: 4, noNullPrototype: true });
  return fc.tuple(properties, compatible, type, children).map(([own, is, kind, below]) => ({
    ...own,
    ...(is === undefined ? {} : { compatible: is }),
    ...(kind === undefined ? {} : { device_type: kind }),
    ...below,
  }));
});

/** Asks everything there is to ask about a node, and counts the answers. */
function askAll(tree: DeviceTree, at: DeviceTreeNode): number {
  const { found, broken } = dependenciesOf(tree, at);
  const index = indexDependencies(tree);
  const maps = (['iommu-map', 'msi-map'] as const).flatMap((property) => idMapOf(tree, at, property) ?? []);
  const answers: readonly unknown[] = [
    ...[...found.map((dependency) => sharedWith(index, dependency, new Set([at]))), ...broken],
    ...[
      busOf(at),
      coherency(tree, at),
      dmaCoherence(tree, at),
      dmaRanges(tree, at),
      liodnOf(tree, at),
      streamsOf(tree, at),
    ],
    ...[msiIsolation(tree, at), linuxNameOf(tree, at), whyNoDevice(tree, at), ...maps.map((map) => mapId(map, 3))],
    ...[...interruptsOf(tree, at), ...interruptMapEntries(tree, at), ...linuxInterrupts(tree, at)],
    ...[...regRegions(tree, at), ...linuxRegions(tree, at), ...rangesWindows(tree, at), findNode(tree, at.path)],
  ];
  return answers.length;
}

test('answers every question about every node of any tree', () => {
  fc.assert(
    fc.property(node(4), (literal) => {
      const tree = deviceTree(literal);
      for (const at of tree.nodes) expect(askAll(tree, at)).toBeGreaterThan(0);
      expect(linuxDevices(tree).length + driverMadeDevices(tree).length).toBeLessThan(tree.nodes.length);
    }),
    { numRuns: 300 },
  );
});

test('finds each node of any tree by its own path', () => {
  fc.assert(
    fc.property(node(3), (literal) => {
      const tree = deviceTree(literal);
      for (const at of tree.nodes)
        expect(findNode(tree, at.path)).toMatchObject({ kind: 'node', node: { path: at.path } });
    }),
    { numRuns: 100 },
  );
});

test('gives each device of any tree a name of its own, and no other node the same', () => {
  fc.assert(
    fc.property(node(4), (literal) => {
      const tree = deviceTree(literal);
      const devices = linuxDevices(tree);
      expect(new Set(devices.map(({ name }) => name)).size).toBe(devices.length);
      for (const { node: at } of devices) expect(whyNoDevice(tree, at)).toBeNull();
    }),
    { numRuns: 200 },
  );
});

test('needs time in proportion to the size of a tree', () => {
  const wide = (count: number): DeviceTree =>
    deviceTree({
      gic: { compatible: 'arm,gic-400', 'interrupt-controller': true, '#interrupt-cells': 3, phandle: 1 },
      clk: { compatible: 'acme,clk', '#clock-cells': 1, phandle: 2 },
      soc: {
        ...{ compatible: 'simple-bus', ranges: true, 'interrupt-parent': 1 },
        ...Object.fromEntries(
          Array.from({ length: count }, (_, at) => [
            `dev@${(at * 16).toString(16)}`,
            { compatible: 'acme,dev', reg: [at * 16, 16], interrupts: [0, at, 4], clocks: [2, at] },
          ]),
        ),
      },
    });
  const steps = (tree: DeviceTree): number => {
    const start = performance.now();
    const index = indexDependencies(tree);
    linuxDevices(tree);
    for (const at of tree.nodes) {
      regRegions(tree, at);
      interruptsOf(tree, at);
      for (const dependency of dependenciesOf(tree, at).found) sharedWith(index, dependency, new Set([at]));
    }
    return performance.now() - start;
  };
  steps(wide(500));
  const [small, large] = [wide(1000), wide(8000)].map((tree) => Math.min(steps(tree), steps(tree), steps(tree)));
  // Eight times the nodes: a quadratic way would take sixty-four times as long.
  expect(large).toBeLessThan(Math.max(small ?? 0, 5) * 30);
  expect(nodeAt(wide(1), '/soc/dev@0').name).toBe('dev@0');
});
