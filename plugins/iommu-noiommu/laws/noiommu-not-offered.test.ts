import { expect, test } from 'vitest';
import { host } from '../../../src/testing/index.ts';
import { report } from '../../../src/testing/law.ts';
import { noiommuNotOfferedLaw as law } from './noiommu-not-offered.ts';

const PARAMETER = 'enable_unsafe_noiommu_mode';
const vms = { a: { iommu: 'noiommu' as const, devices: { x: 'a.dma' } } };
const machine = () => host().platform('a.dma');

test('R-GROUP-3: fires where VFIO is in the kernel without the mode', () => {
  const error = ['error noiommu-not-offered at vms/a/iommu'];
  expect(report(law, vms, machine().module('vfio', 'loaded'))).toEqual(error);
  expect(report(law, vms, machine().module('vfio', 'builtin'))).toEqual(error);
});

test('R-GROUP-3: warns that the plan switches the mode on', () => {
  expect(report(law, vms, machine().module('vfio', 'loaded', { [PARAMETER]: 'N' }))).toEqual([
    'warning noiommu-mode-switched-on at vms/a/iommu',
  ]);
});

test('stays silent where it is on, where nothing is known yet, where VFIO is missing altogether, and where nobody asks for it', () => {
  expect(report(law, vms, machine().module('vfio', 'builtin', { [PARAMETER]: 'Y' }))).toEqual([]);
  expect(report(law, vms, machine().module('vfio', 'available'))).toEqual([]);
  expect(report(law, vms, machine().withoutModule('vfio'))).toEqual([]);
  expect(report(law, { a: { devices: { x: 'a.dma' } } }, machine())).toEqual([]);
});
