import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { check, report, textOf } from '../../testing/rule.ts';
import { groupHeldRule as rule } from './group-held.ts';

const vms = { a: { devices: { x: '01:00.0', y: '01:00.1' } } };
const machine = () =>
  host()
    .intelIommu()
    .nic('01:00.0', { group: 21 })
    .nic('01:00.1', { group: 21 })
    .nic('02:00.0', { group: 22 })
    .group(21, { openedBy: [{ pid: 4711, command: 'guestd' }] });

test('R-BIND-4: fires once for a group that a process has open, and names the process', () => {
  expect(report(rule, vms, machine())).toEqual(['error group-held at vms/a/devices/x']);
  expect(textOf(check(rule, vms, machine()))).toContain('process 4711 (guestd)');
});

test('stays silent for a group that nobody has open, and for one of a running project', () => {
  expect(report(rule, { a: { devices: { z: '02:00.0' } } }, machine())).toEqual([]);
  const running = [{ name: 'other', devices: [{ address: '0000:01:00.0', group: 21 }], parameters: [] }];
  expect(report(rule, vms, machine(), running)).toEqual([]);
});
