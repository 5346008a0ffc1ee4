import { expect, test } from 'vitest';
import { host } from '../../../src/testing/index.ts';
import { report } from '../../../src/testing/law.ts';
import { tooManyMappingsLaw as law } from './too-many-mappings.ts';

const vms = (count: number) => ({
  a: { devices: { x: '01:00.0' }, memory: Array.from({ length: count }, (_, n) => ({ iova: n * 4096, size: 4096 })) },
});
const machine = (limit: string) =>
  host().intelIommu().nic('01:00.0').module('vfio_iommu_type1', 'loaded', { dma_entry_limit: limit });

test('fires at the first mapping beyond the limit of the host', () => {
  expect(report(law, vms(4), machine('3'))).toEqual(['error too-many-mappings at vms/a/memory/3']);
});

test('fires beyond 65535 where the module is not loaded yet', () => {
  const fresh = host().intelIommu().nic('01:00.0').module('vfio_iommu_type1', 'available');
  expect(report(law, vms(65536), fresh)).toEqual(['error too-many-mappings at vms/a/memory/65535']);
  expect(report(law, vms(65535), fresh)).toEqual([]);
});

test('stays silent at the limit', () => {
  expect(report(law, vms(3), machine('3'))).toEqual([]);
});
