import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { report } from '../../testing/rule.ts';
import { projectConflictRule as rule } from './project-conflict.ts';

const machine = () => host().intelIommu().nic('01:00.0', { group: 21 }).nic('02:00.0', { group: 22 });
const vms = { a: { devices: { x: '01:00.0', y: '02:00.0' } } };
const holds = (name: string, address: string, group: number) => [
  { name, devices: [{ address, group }], parameters: [] },
];

test('fires where a running project has the device', () => {
  expect(report(rule, vms, machine(), holds('other', '0000:02:00.0', 22))).toEqual([
    'error project-conflict at vms/a/devices/y',
  ]);
});

test('R-GROUP-1: fires where a running project has another device of the group', () => {
  expect(report(rule, vms, machine(), holds('other', '0000:01:00.7', 21))).toEqual([
    'error project-conflict at vms/a/devices/x',
  ]);
});

test('stays silent for devices elsewhere, and for the project itself', () => {
  expect(report(rule, vms, machine(), holds('other', '0000:09:00.0', 29))).toEqual([]);
  expect(report(rule, vms, machine(), holds('tested', '0000:01:00.0', 21))).toEqual([]);
});
