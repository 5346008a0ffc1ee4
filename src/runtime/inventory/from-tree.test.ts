import fc from 'fast-check';
import { expect, test } from 'vitest';
import { indexHost, treeOf } from '../../model/index.ts';
import { deviceTree, type NodeLiteral } from '../../testing/index.ts';
import { digestOf } from './digest.ts';
import { inventoryFromTree } from './from-tree.ts';
import { parseSnapshot } from './snapshot.ts';
import { snapshotText } from './snapshot-text.ts';

const bus = (children: NodeLiteral, cpu: NodeLiteral = { compatible: 'arm,cortex-a57' }): NodeLiteral => ({
  '#address-cells': 1,
  '#size-cells': 1,
  cpus: { '#address-cells': 1, '#size-cells': 0, 'cpu@0': { device_type: 'cpu', reg: [0], ...cpu } },
  soc: { compatible: 'simple-bus', '#address-cells': 1, '#size-cells': 1, ranges: true, ...children },
});
const device = (address: number, properties: NodeLiteral): NodeLiteral => ({
  compatible: 'acme,engine',
  reg: [address, 0x100],
  ...properties,
});
const smmu = (properties: NodeLiteral = {}): NodeLiteral => ({
  compatible: 'arm,smmu-v3',
  reg: [0x9000_0000, 0x2_0000],
  '#iommu-cells': 1,
  phandle: 1,
  ...properties,
});

/** Groups by device, of the devices that have one. */
function groupsOf(tree: NodeLiteral): Record<string, number> {
  const { devices } = inventoryFromTree(deviceTree(tree));
  return Object.fromEntries(devices.flatMap(({ address, group }) => (group === null ? [] : [[address, group]])));
}

test('gives each device behind an SMMU a group with the window of its MSIs, in the order of the tree', () => {
  const tree = bus({
    'iommu@90000000': smmu(),
    'engine@5000': device(0x5000, { iommus: [1, 7] }),
    'engine@4000': device(0x4000, { iommus: [1, 8, 1, 9] }),
    'engine@6000': device(0x6000, {}),
  });
  expect(groupsOf(tree)).toEqual({ '5000.engine': 0, '4000.engine': 1 });
  const inventory = inventoryFromTree(deviceTree(tree));
  expect(inventory.iommu.units).toEqual([{ name: 'smmu3.0x0000000090000000', kind: 'smmu-v3', addressBits: null }]);
  expect(inventory.groups[1]).toMatchObject({
    id: 1,
    type: 'DMA',
    reservedRegions: [{ first: 0x800_0000n, last: 0x80f_ffffn, type: 'msi' }],
  });
});

test('R-GROUP-1: puts devices that share a stream into one group', () => {
  const tree = bus({
    'iommu@90000000': smmu(),
    'engine@4000': device(0x4000, { iommus: [1, 7, 1, 8] }),
    'engine@5000': device(0x5000, { iommus: [1, 8] }),
    'engine@6000': device(0x6000, { iommus: [1, 9] }),
  });
  expect(groupsOf(tree)).toEqual({ '4000.engine': 0, '5000.engine': 0, '6000.engine': 1 });
});

test('compares streams by the bits that the masks of both leave', () => {
  const masked = smmu({ compatible: 'arm,mmu-500', '#iommu-cells': 2 });
  const tree = bus({
    'iommu@90000000': masked,
    'engine@4000': device(0x4000, { iommus: [1, 0x800, 0x7f] }),
    'engine@5000': device(0x5000, { iommus: [1, 0x812, 0] }),
    'engine@6000': device(0x6000, { iommus: [1, 0x880, 0] }),
    'engine@7000': device(0x7000, { iommus: [1, 0x880, 0xf] }),
  });
  expect(groupsOf(tree)).toEqual({ '4000.engine': 0, '5000.engine': 0, '6000.engine': 1, '7000.engine': 1 });
});

test('puts the first two devices together exactly where their streams meet', () => {
  const stream = fc.tuple(fc.nat(0x3f), fc.constantFrom(0, 1, 3, 0x10));
  fc.assert(
    fc.property(fc.array(stream, { minLength: 2, maxLength: 6 }), (streams) => {
      const engines = streams.map(([id, mask], index): [string, NodeLiteral] => [
        `engine@${(0x4000 + index * 0x1000).toString(16)}`,
        device(0x4000 + index * 0x1000, { iommus: [1, id, mask] }),
      ]);
      const found = groupsOf(bus({ 'iommu@90000000': smmu({ '#iommu-cells': 2 }), ...Object.fromEntries(engines) }));
      const ids = Object.values(found);
      const [first = [0, 0], second = [0, 0]] = streams;
      const meet = ((first[0] ^ second[0]) & ~(first[1] | second[1])) === 0;
      expect(ids[0] === ids[1]).toBe(meet);
    }),
  );
});

test('gives no group behind an IOMMU that is switched off, or for a list that says nothing', () => {
  const off = { 'iommu@90000000': smmu({ status: 'disabled' }), 'engine@4000': device(0x4000, { iommus: [1, 7] }) };
  expect(groupsOf(bus(off))).toEqual({});
  expect(inventoryFromTree(deviceTree(bus(off))).iommu.units).toEqual([]);
  const wrong = { 'iommu@90000000': smmu(), 'engine@4000': device(0x4000, { iommus: [9, 7] }) };
  expect(groupsOf(bus(wrong))).toEqual({});
});

test('takes all devices of an IOMMU without cells for one group', () => {
  const one = smmu({ compatible: 'rockchip,iommu', '#iommu-cells': 0 });
  const tree = bus({
    'iommu@90000000': one,
    'engine@4000': device(0x4000, { iommus: [1] }),
    'engine@5000': device(0x5000, { iommus: [1] }),
  });
  expect(groupsOf(tree)).toEqual({ '4000.engine': 0, '5000.engine': 0 });
  expect(inventoryFromTree(deviceTree(tree)).groups[0]?.reservedRegions).toEqual([]);
});

test('gives a group to each device with a LIODN where there is a PAMU', () => {
  const children = {
    'iommu@20000': { compatible: ['fsl,pamu-v1.0', 'fsl,pamu'], reg: [0x2_0000, 0x5000], phandle: 1 },
    'guts@e0000': { compatible: 'acme,guts', reg: [0xe_0000, 0x1000], phandle: 2 },
    'dma@4000': device(0x4000, { 'fsl,liodn-reg': [2, 0x580] }),
    'dma@5000': device(0x5000, { 'fsl,liodn': [0x30] }),
    'dma@6000': device(0x6000, { 'fsl,iommu-parent': [1] }),
  };
  const { '#address-cells': _, ...root } = bus(children, { compatible: 'fsl,e500mc' });
  const tree = deviceTree({ '#address-cells': 1, ...root });
  const inventory = inventoryFromTree(tree);
  expect(inventory.groups.map(({ id, reservedRegions }) => [id, reservedRegions.length])).toEqual([
    [0, 0],
    [1, 0],
  ]);
  expect(inventory.iommu.units).toEqual([{ name: 'iommu0', kind: 'pamu', addressBits: 36 }]);
  expect(indexHost(inventory).byTreePath.get('/soc/dma@6000')?.group).toBeNull();
});

test.each([
  ['arm,cortex-a9', 'armv7l'],
  ['arm,cortex-a57', 'aarch64'],
  ['arm,cortex-a7', 'armv7l'],
  ['arm,arm1176jzf-s', 'armv6l'],
  ['arm,armv8', 'aarch64'],
  ['fsl,e500mc', 'ppc'],
  ['riscv', 'riscv64'],
  ['acme,cpu', 'unknown'],
])('says what machine a processor of %s makes', (compatible, machine) => {
  expect(inventoryFromTree(deviceTree(bus({}, { compatible }))).kernel.architecture).toBe(machine);
});

test('leaves out a device that only an unknown driver would make, and has one that a known driver makes', () => {
  const child = { compatible: 'acme,part', reg: [0, 0x10] };
  const parent = (compatible: string, address: number): NodeLiteral => ({
    compatible,
    reg: [address, 0x100],
    '#address-cells': 1,
    '#size-cells': 1,
    ranges: [0, address, 0x100],
    'part@0': child,
  });
  const tree = bus({ 'a@4000': parent('acme,parent', 0x4000), 'crypto@8000': parent('fsl,sec-v4.0', 0x8000) });
  const { byTreePath } = indexHost(inventoryFromTree(deviceTree(tree)));
  expect(byTreePath.has('/soc/a@4000/part@0')).toBe(false);
  expect(byTreePath.get('/soc/crypto@8000/part@0')?.sysfsPath).toBe('/sys/devices/platform/soc/8000.crypto/8000.part');
});

test('has VFIO complete and unloaded, nothing bound, and says where it comes from', () => {
  const inventory = inventoryFromTree(deviceTree(bus({ 'engine@4000': device(0x4000, {}) })), { pageSize: 65_536 });
  expect(inventory).toMatchObject({
    origin: 'device-tree',
    kernel: { release: '6.12.0', pageSize: 65_536 },
    vfio: { container: true, iommufd: false },
    modules: {
      vfio: { state: 'available', parameters: { enable_unsafe_noiommu_mode: 'N' } },
      vfio_platform: { state: 'available', parameters: {} },
      vfio_iommu_type1: { parameters: { allow_unsafe_interrupts: 'N' } },
    },
  });
  expect(inventory.devices.map(({ driver }) => driver)).toEqual(inventory.devices.map(() => null));
});

test('makes a snapshot that is read again, byte for byte', async () => {
  const inventory = inventoryFromTree(
    deviceTree(bus({ 'iommu@90000000': smmu(), 'engine@4000': device(0x4000, { iommus: [1, 7] }) })),
  );
  const text = snapshotText(inventory, { identifiers: true });
  const { value, diagnostics } = await parseSnapshot('host.json', text);
  expect(diagnostics).toEqual([]);
  expect(value && snapshotText(value, { identifiers: true })).toBe(text);
});

test('SECURITY: a tree has the digest that its snapshot has, also where a property is called by a number', async () => {
  const names = ['b', '7', '__proto__'];
  const read = treeOf([{ path: '/', properties: new Map(names.map((name, at) => [name, new Uint8Array(at)])) }]);
  const inventory = inventoryFromTree(read);
  const { value } = await parseSnapshot('host.json', snapshotText(inventory, { identifiers: true }));
  expect(value && digestOf(value)).toBe(digestOf(inventory));
});
