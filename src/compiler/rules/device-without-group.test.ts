import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { check, report, textOf } from '../../testing/rule.ts';
import { deviceWithoutGroupRule as rule } from './device-without-group.ts';

const vms = { a: { devices: { x: '01:00.0' } } };

test.each([
  ['x86_64', 'intel_iommu=on'],
  ['aarch64', 'SMMU'],
  ['s390x', 's390x'],
])('R-GROUP-3: fires without any IOMMU and says how %s switches it on', (architecture, hint) => {
  const machine = host().kernel({ architecture }).nic('01:00.0');
  expect(report(rule, vms, machine)).toEqual(['error device-without-group at vms/a/devices/x']);
  expect(textOf(check(rule, vms, machine))).toContain(hint);
});

test('R-GROUP-3: fires with an IOMMU that leaves the device out, and names the unit', () => {
  const machine = host().intelIommu().nic('01:00.0', { group: null });
  expect(textOf(check(rule, vms, machine))).toContain('dmar0');
});

test('stays silent for a device in a group', () => {
  expect(report(rule, vms, host().amdIommu().nic('01:00.0'))).toEqual([]);
});
