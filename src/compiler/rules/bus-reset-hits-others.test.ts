import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { check, report, textOf } from '../../testing/rule.ts';
import { busResetHitsOthersRule as rule } from './bus-reset-hits-others.ts';

const machine = (resetMethods = ['bus']) =>
  host().intelIommu().gpu('05:00.0', { resetMethods }).audio('05:00.1').usb('06:00.0');
const gpu = { gpu: '05:00.0' };

test('R-RESET-5: fires where the bus has a function of the host, and lists it', () => {
  expect(report(rule, { a: { devices: gpu } }, machine())).toEqual([
    'error bus-reset-hits-others at vms/a/devices/gpu',
  ]);
  const text = textOf(check(rule, { a: { devices: gpu } }, machine()));
  expect(text).toContain('0000:05:00.1');
  expect(text).not.toContain('0000:06:00.0');
});

test('R-RESET-5: fires where the bus has a function of another VM or of another project', () => {
  const vms = { a: { devices: gpu }, b: { devices: { sound: { pci: '05:00.1', reset: 'none' as const } } } };
  expect(report(rule, vms, machine())).toEqual(['error bus-reset-hits-others at vms/a/devices/gpu']);
  const running = [{ name: 'other', devices: [{ address: '0000:05:00.1', group: 9 }] }];
  expect(textOf(check(rule, { a: { devices: gpu } }, machine(), running))).toContain('project other');
});

test('R-RESET-5: stays silent where one VM owns all that would be hit, or nobody uses it', () => {
  expect(report(rule, { a: { devices: { ...gpu, sound: '05:00.1' } } }, machine())).toEqual([]);
  expect(report(rule, { a: { devices: gpu } }, machine().change('05:00.1', { driver: null }))).toEqual([]);
});

test('R-RESET-5: stays silent where another method comes first, or no reset is required', () => {
  expect(report(rule, { a: { devices: gpu } }, machine(['flr', 'bus']))).toEqual([]);
  for (const reset of ['none', 'preferred'] as const) {
    expect(report(rule, { a: { devices: { gpu: { pci: '05:00.0', reset } } } }, machine())).toEqual([]);
  }
});
