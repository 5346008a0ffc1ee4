import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { report } from '../../testing/rule.ts';
import { noiommuMemoryRule as rule } from './noiommu-memory.ts';

const memory = [
  { iova: 0, size: '4KiB' },
  { iova: '1MiB', size: '4KiB' },
];

test('R-GROUP-3: fires at the first entry of memory', () => {
  const vms = { a: { iommu: 'noiommu' as const, memory, devices: { x: 'a.dma' } } };
  expect(report(rule, vms, host().platform('a.dma'))).toEqual(['error noiommu-memory at vms/a/memory/0']);
});

test('stays silent without memory, and with an IOMMU', () => {
  expect(report(rule, { a: { iommu: 'noiommu' as const, devices: { x: 'a.dma' } } }, host().platform('a.dma'))).toEqual(
    [],
  );
  expect(report(rule, { a: { memory, devices: { x: 'a.dma' } } }, host().smmuV3().platform('a.dma'))).toEqual([]);
});
