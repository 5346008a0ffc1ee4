import { expect, test } from 'vitest';
import { host } from '../../../src/testing/index.ts';
import { check, report } from '../../../src/testing/law.ts';
import { noIsolationLaw as law } from './no-isolation.ts';

const machine = () => host().platform('a.dma').platform('b.dma').platform('c.dma');

test('R-GROUP-3: warns aloud, once for each VM that asks for no IOMMU', () => {
  const vms = {
    a: { iommu: 'noiommu' as const, devices: { x: 'a.dma' } },
    b: { iommu: { type: 'noiommu' as const }, devices: { y: 'b.dma' } },
  };
  expect(report(law, vms, machine())).toEqual([
    'warning no-isolation at vms/a/iommu',
    'warning no-isolation at vms/b/iommu',
  ]);
  expect(check(law, vms, machine())[0]?.detail).toContain('NOTHING ISOLATES');
});

test('R-GROUP-3: stays silent where an IOMMU is asked for, also by default', () => {
  const vms = { a: { devices: { x: 'a.dma' } }, b: { iommu: 'type1' as const, devices: { y: 'b.dma' } } };
  expect(report(law, vms, machine())).toEqual([]);
});
