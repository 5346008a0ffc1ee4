import { expect, test } from 'vitest';
import { host } from '../../../src/testing/index.ts';
import { report } from '../../../src/testing/law.ts';
import { noiommuMemoryLaw as law } from './noiommu-memory.ts';

const memory = [
  { iova: 0, size: '4KiB' },
  { iova: '1MiB', size: '4KiB' },
];

test('R-GROUP-3: fires at the first entry of memory', () => {
  const vms = { a: { iommu: 'noiommu' as const, memory, devices: { x: 'a.dma' } } };
  expect(report(law, vms, host().platform('a.dma'))).toEqual(['error noiommu-memory at vms/a/memory/0']);
});

test('stays silent without memory, and with an IOMMU', () => {
  expect(report(law, { a: { iommu: 'noiommu' as const, devices: { x: 'a.dma' } } }, host().platform('a.dma'))).toEqual(
    [],
  );
  expect(report(law, { a: { memory, devices: { x: 'a.dma' } } }, host().smmuV3().platform('a.dma'))).toEqual([]);
});
