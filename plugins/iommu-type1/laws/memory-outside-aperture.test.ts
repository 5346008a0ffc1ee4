import { expect, test } from 'vitest';
import { host } from '../../../src/testing/index.ts';
import { check, report, textOf } from '../../../src/testing/law.ts';
import { memoryOutsideApertureLaw as law } from './memory-outside-aperture.ts';

const machine = (...bits: (number | null)[]) =>
  bits.reduce((builder, addressBits) => builder.intelIommu({ addressBits }), host()).nic('01:00.0');
const vms = (size: string) => ({ a: { devices: { x: '01:00.0' }, memory: [{ iova: '256GiB', size }] } });

test('fires beyond the width of the IOMMU, naming the unit and the width', () => {
  expect(report(law, vms('257GiB'), machine(39))).toEqual(['error memory-outside-aperture at vms/a/memory/0/iova']);
  expect(textOf(check(law, vms('257GiB'), machine(39)))).toMatch(/dmar0.*39 bits/);
});

test('warns where only the narrower of two units ends before', () => {
  expect(report(law, vms('257GiB'), machine(48, 39))).toEqual([
    'warning memory-outside-aperture at vms/a/memory/0/iova',
  ]);
});

test('stays silent up to the last address, and where the width is not known', () => {
  expect(report(law, vms('256GiB'), machine(39))).toEqual([]);
  expect(report(law, vms('1PiB'), machine(null))).toEqual([]);
});
