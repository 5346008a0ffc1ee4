import { expect, test } from 'vitest';
import { indexHost } from '../../src/model/index.ts';
import { host, type NodeLiteral } from '../../src/testing/index.ts';
import { describe } from './describe.ts';

const V3: NodeLiteral = { compatible: 'arm,smmu-v3', phandle: 3, '#iommu-cells': 1 };
const V2: NodeLiteral = { compatible: ['maker,smmu', 'arm,mmu-500'], phandle: 4, '#iommu-cells': 2 };

const platform = (dma: NodeLiteral) => {
  const index = indexHost(
    host()
      .smmuV3()
      .tree({ 'smmu@9000': V3, 'smmu@a000': V2, 'dma@1000': { compatible: 'maker,dma', ...dma } })
      .platform('1000.dma', { treePath: '/dma@1000' })
      .build(),
  );
  const device = index.byAddress.get('1000.dma');
  return device ? describe(device, index) : [];
};

test('shows every stream of a platform device, with its SMMU and its entry in the tree', () => {
  expect(platform({ iommus: [3, 0x42, 4, 0x400, 0x3f] })).toEqual([
    'stream 0x42 of /smmu@9000 (SMMUv3), entry 0 of iommus',
    'stream 0x400 under mask 0x3f of /smmu@a000 (SMMUv2), entry 1 of iommus',
    'MSI doorbells at 0x8000000-0x80fffff',
  ]);
});

test('says where the list ends that cannot be read, and that there is none', () => {
  expect(platform({ iommus: [3, 0x42, 9] })[1]).toContain('cannot be read further');
  expect(platform({})[0]).toBe('streams not shown: its node has no iommus');
});

const pci = (map: NodeLiteral) => {
  const sysfsPath = '/sys/devices/platform/4000.pcie/pci0000:00/0000:00:02.1';
  const index = indexHost(
    host()
      .smmuV3()
      .tree({ 'smmu@9000': V3, 'pcie@4000': { compatible: 'maker,pcie', device_type: 'pci', ...map } })
      .platform('4000.pcie', { treePath: '/pcie@4000', sysfsPath: '/sys/devices/platform/4000.pcie', group: null })
      .nic('00:02.1', { sysfsPath })
      .build(),
  );
  const device = [...index.pciByAddress.values()][0];
  return device ? describe(device, index) : [];
};

test('shows the stream of a PCI function through the iommu-map of its host bridge', () => {
  expect(pci({ 'iommu-map': [0, 3, 0x100, 0x10000] })[0]).toBe(
    'stream 0x111 of /smmu@9000 (SMMUv3), requester id 0x11, entry 0 of iommu-map of /pcie@4000',
  );
});

test('says of a PCI function that its map leaves it out, or cannot be read', () => {
  expect(pci({ 'iommu-map': [0x100, 3, 0, 0x100] })[0]).toContain('reaches no SMMU');
  expect(pci({ 'iommu-map': [0, 3, 0] })[0]).toContain('cannot be read');
  expect(pci({})[0]).toContain('no host bridge');
});

test('without a device tree it says who has the streams', () => {
  const index = indexHost(host().smmuV3().nic('01:00.0').build());
  const device = [...index.pciByAddress.values()][0];
  expect(device && describe(device, index)).toEqual([
    'streams not shown: without a device tree the ACPI table IORT has them',
    'MSI doorbells at 0x8000000-0x80fffff',
  ]);
});
