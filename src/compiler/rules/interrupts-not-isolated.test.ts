import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { report } from '../../testing/rule.ts';
import { interruptsNotIsolatedRule as rule } from './interrupts-not-isolated.ts';

const machine = (interruptRemapping: boolean | null) => host().intelIommu({ interruptRemapping }).nic('01:00.0');
const devices = { x: '01:00.0' };
const trusting = { a: { iommu: { unsafeInterrupts: true }, devices } };

test('R-GROUP-5: fires on a host without interrupt remapping', () => {
  expect(report(rule, { a: { iommu: 'type1', devices } }, machine(false))).toEqual([
    'error interrupts-not-isolated at vms/a/iommu',
  ]);
});

test('warns aloud where the manifest or the host accepts it', () => {
  expect(report(rule, trusting, machine(false))).toEqual(['warning unsafe-interrupts-accepted at vms/a/iommu']);
  const open = machine(false).module('vfio_iommu_type1', 'loaded', { allow_unsafe_interrupts: 'Y' });
  expect(report(rule, { a: { devices } }, open)).toEqual(['warning unsafe-interrupts-accepted at vms/a/iommu']);
});

test('notes once that a host does not show it', () => {
  expect(report(rule, { a: { devices }, b: { devices } }, machine(null))).toEqual([
    'note interrupt-isolation-unknown at vms/a/iommu',
  ]);
});

test('stays silent with interrupt remapping, also where it was not needed to accept its absence', () => {
  expect(report(rule, trusting, machine(true))).toEqual([]);
  expect(report(rule, { a: { devices } }, host().nic('01:00.0'))).toEqual([]);
});
