import { expect, test } from 'vitest';
import { host } from '../../../src/testing/index.ts';
import { check, report, textOf } from '../../../src/testing/law.ts';
import { SOC, soc } from '../../../src/testing/soc.ts';
import { interruptsNotIsolatedLaw as law } from './interrupts-not-isolated.ts';

const machine = (interruptRemapping: boolean | null) => host().intelIommu({ interruptRemapping }).nic('01:00.0');
const devices = { x: '01:00.0' };
const trusting = { a: { iommu: { unsafeInterrupts: true }, devices } };

test('R-GROUP-5: fires on a host without interrupt remapping', () => {
  expect(report(law, { a: { iommu: 'type1', devices } }, machine(false))).toEqual([
    'error interrupts-not-isolated at vms/a/iommu',
  ]);
});

test('warns aloud where the manifest or the host accepts it', () => {
  expect(report(law, trusting, machine(false))).toEqual(['warning unsafe-interrupts-accepted at vms/a/iommu']);
  const open = machine(false).module('vfio_iommu_type1', 'loaded', { allow_unsafe_interrupts: 'Y' });
  expect(report(law, { a: { devices } }, open)).toEqual(['warning unsafe-interrupts-accepted at vms/a/iommu']);
});

test('notes of each VM that the host does not show it', () => {
  expect(report(law, { a: { devices }, b: { devices } }, machine(null))).toEqual([
    'note interrupt-isolation-unknown at vms/a/iommu',
    'note interrupt-isolation-unknown at vms/b/iommu',
  ]);
});

test('stays silent with interrupt remapping, also where it was not needed to accept its absence', () => {
  expect(report(law, trusting, machine(true))).toEqual([]);
  expect(report(law, { a: { devices } }, host().nic('01:00.0'))).toEqual([]);
});

const platform = (msi: Record<string, number | readonly number[]>, options = {}) =>
  host()
    .smmuV3(options)
    .tree(soc({ 'dma@40000': { compatible: 'x,dma', reg: [0x4_0000, 0x1000], ...msi } }))
    .platform('40000.dma', { treePath: '/soc/dma@40000', group: 30 });
const dma = { a: { devices: { x: '40000.dma' } } };

test.each([
  ['without an MSI controller', {}, 'names no MSI controller'],
  ['at a GICv2m frame', { 'msi-parent': SOC.v2m }, '/v2m@2000000'],
])('R-GROUP-5: fires for a platform device %s, whatever PCI has on this host', (_how, msi, why) => {
  expect(report(law, dma, platform(msi))).toEqual(['error interrupts-not-isolated at vms/a/iommu']);
  const text = textOf(check(law, dma, platform(msi)));
  expect(text).toContain(why);
  expect(text).toContain('unsafeInterrupts: true');
  expect(text).not.toContain('firmware');
});

test('R-GROUP-5: one such device is enough for its VM, and no other VM', () => {
  const vms = { a: { devices: { n: '01:00.0' } }, b: { devices: { n: '02:00.0', x: '40000.dma' } } };
  expect(report(law, vms, platform({}).nic('01:00.0').nic('02:00.0'))).toEqual([
    'error interrupts-not-isolated at vms/b/iommu',
  ]);
});

test('warns where the manifest accepts it for a platform device', () => {
  const accepted = { a: { iommu: { unsafeInterrupts: true }, devices: { x: '40000.dma' } } };
  expect(report(law, accepted, platform({}))).toEqual(['warning unsafe-interrupts-accepted at vms/a/iommu']);
});

test('notes that nothing is known of a device without a node', () => {
  expect(report(law, { a: { devices: { x: 'ACPI:00' } } }, host().smmuV3().platform('ACPI:00'))).toEqual([
    'note interrupt-isolation-unknown at vms/a/iommu',
  ]);
});

test('stays silent for a platform device at an ITS, without a group, and where no IOMMU is asked for', () => {
  expect(report(law, dma, platform({ 'msi-parent': [SOC.its, 7] }, { interruptRemapping: false }))).toEqual([]);
  expect(report(law, dma, platform({}).changePlatform('40000.dma', { group: null }))).toEqual([]);
  expect(report(law, { a: { iommu: 'noiommu' as const, devices: { x: '40000.dma' } } }, platform({}))).toEqual([]);
});
