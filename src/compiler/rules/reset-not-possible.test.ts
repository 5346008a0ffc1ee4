import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { check, report, textOf } from '../../testing/rule.ts';
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

test('R-RESET-5, R-GROUP-5: fires where only the bus could be reset and another function is on it', () => {
  const card = (resetMethods: string[]) =>
    host()
      .intelIommu()
      .gpu('05:00.0', { resetMethods })
      .audio('05:00.1')
      .usb('06:00.0', { resetMethods: ['bus'] });
  const gpu = { a: { devices: { gpu: '05:00.0' } } };
  expect(report(rule, gpu, card(['bus']))).toEqual(['error reset-not-possible at vms/a/devices/gpu']);
  expect(textOf(check(rule, gpu, card(['bus'])))).toContain('alone on its bus');
  expect(report(rule, gpu, card(['pm', 'bus']))).toEqual([]);
  expect(report(rule, { a: { devices: { usb: '06:00.0' } } }, card(['bus']))).toEqual([]);
});
