import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { report } from '../../testing/rule.ts';
import { noiommuNotOfferedRule as rule } from './noiommu-not-offered.ts';

const PARAMETER = 'enable_unsafe_noiommu_mode';
const vms = { a: { iommu: 'noiommu' as const, devices: { x: 'a.dma' } } };
const machine = () => host().platform('a.dma');

test('R-GROUP-3: fires where VFIO is in the kernel without the mode, and where there is no VFIO', () => {
  const error = ['error noiommu-not-offered at vms/a/iommu'];
  expect(report(rule, vms, machine().module('vfio', 'loaded'))).toEqual(error);
  expect(report(rule, vms, machine().module('vfio', 'builtin'))).toEqual(error);
  expect(report(rule, vms, machine().withoutModule('vfio'))).toEqual(error);
});

test('R-GROUP-3: warns that the plan switches the mode on', () => {
  expect(report(rule, vms, machine().module('vfio', 'loaded', { [PARAMETER]: 'N' }))).toEqual([
    'warning noiommu-mode-switched-on at vms/a/iommu',
  ]);
});

test('stays silent where it is on, where nothing is known yet, and where nobody asks for it', () => {
  expect(report(rule, vms, machine().module('vfio', 'builtin', { [PARAMETER]: 'Y' }))).toEqual([]);
  expect(report(rule, vms, machine().module('vfio', 'available'))).toEqual([]);
  expect(report(rule, { a: { devices: { x: 'a.dma' } } }, machine())).toEqual([]);
});
