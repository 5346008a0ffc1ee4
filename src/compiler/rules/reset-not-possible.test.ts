import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { report } from '../../testing/rule.ts';
import { resetNotPossibleRule as rule } from './reset-not-possible.ts';

const machine = (resetMethods: string[]) => host().intelIommu().nic('01:00.0', { resetMethods });
const vms = (reset: 'required' | 'preferred' | 'none') => ({ a: { devices: { x: { pci: '01:00.0', reset } } } });

test('R-RESET-3: fires for a device without a reset, since a reset is required by default', () => {
  expect(report(rule, { a: { devices: { x: '01:00.0' } } }, machine([]))).toEqual([
    'error reset-not-possible at vms/a/devices/x',
  ]);
});

test('R-RESET-3: warns where a reset is only preferred, and stays silent where none is asked for', () => {
  expect(report(rule, vms('preferred'), machine([]))).toEqual(['warning reset-not-possible at vms/a/devices/x/pci']);
  expect(report(rule, vms('none'), machine([]))).toEqual([]);
});

test('R-RESET-5: stays silent for a device with any method', () => {
  expect(report(rule, vms('required'), machine(['pm']))).toEqual([]);
});
