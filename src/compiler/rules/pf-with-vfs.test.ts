import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { report } from '../../testing/rule.ts';
import { pfWithVfsRule as rule } from './pf-with-vfs.ts';

const vms = { a: { devices: { x: '03:00.0' } } };

test('R-GROUP-5: fires for a PF with VFs switched on', () => {
  const machine = host().intelIommu().pf('03:00.0').vf('03:10.0', '03:00.0', 0);
  expect(report(rule, vms, machine)).toEqual(['error pf-with-vfs at vms/a/devices/x']);
});

test('stays silent for a PF without VFs, for a VF, and for a PF that is on its VFIO driver already', () => {
  expect(report(rule, vms, host().intelIommu().pf('03:00.0'))).toEqual([]);
  const machine = host().intelIommu().pf('03:00.0', { driver: 'vfio-pci' }).vf('03:10.0', '03:00.0', 0);
  expect(report(rule, { a: { devices: { x: '03:00.0', y: '03:10.0' } } }, machine)).toEqual([]);
});
