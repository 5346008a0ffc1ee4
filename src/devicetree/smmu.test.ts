import { expect, test } from 'vitest';
import { deviceTree, nodeAt } from '../testing/index.ts';
import { smmuOf } from './smmu.ts';

test.each([
  [['arm,smmu-v3'], 'smmu-v3'],
  [['maker,smmu', 'arm,mmu-500'], 'smmu-v2'],
  [['nvidia,smmu-500'], 'smmu-v2'],
  [['virtio,pci-iommu'], null],
])('%j is the work of %s', (compatible, kind) => {
  expect(smmuOf(nodeAt(deviceTree({ iommu: { compatible } }), '/iommu'))).toBe(kind);
});
