import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { check, report } from '../../testing/rule.ts';
import { vfWithoutItsPfRule as rule } from './vf-without-its-pf.ts';

const machine = (driver = 'igb') =>
  host().intelIommu().pf('03:00.0', { driver }).vf('03:10.0', '03:00.0', 0).vf('03:10.2', '03:00.0', 1);

test('fires where a VF and its PF go to different VMs, showing both', () => {
  const vms = { a: { devices: { pf: '03:00.0' } }, b: { devices: { vf: '03:10.0' } } };
  expect(report(rule, vms, machine())).toEqual(['error vf-without-its-pf at vms/b/devices/vf']);
  expect(check(rule, vms, machine())[0]?.related[0]?.at?.file).toBe('vms/a/devices/pf');
});

test('fires where another running project has the PF', () => {
  const running = [{ name: 'other', devices: [{ address: '0000:03:00.0', group: 1 }], parameters: [] }];
  expect(report(rule, { b: { devices: { vf: '03:10.0' } } }, machine(), running)).toEqual([
    'error vf-without-its-pf at vms/b/devices/vf',
  ]);
});

test('fires where a PF is given away and the host keeps using its VFs', () => {
  expect(report(rule, { a: { devices: { pf: '03:00.0', vf: '03:10.0' } } }, machine('vfio-pci'))).toEqual([
    'error vf-without-its-pf at vms/a/devices/pf',
  ]);
});

test('stays silent where the host keeps the PF, and where one VM has them all', () => {
  expect(report(rule, { b: { devices: { vf: '03:10.0' } } }, machine())).toEqual([]);
  const all = { a: { devices: { pf: '03:00.0', vf: '03:10.0', vf2: '03:10.2' } } };
  expect(report(rule, all, machine('vfio-pci'))).toEqual([]);
});
