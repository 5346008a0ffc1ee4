import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { check, report } from '../../testing/rule.ts';
import { groupSplitRule as rule } from './group-split.ts';

const machine = () =>
  host()
    .intelIommu()
    .bridge('00:01.0', { group: 50 })
    .gpu('05:00.0', { group: 50 })
    .audio('05:00.1', { group: 50 })
    .usb('05:00.2', { group: 50, driver: null });
const vms = { a: { devices: { gpu: '05:00.0' } }, b: { devices: { sound: '05:00.1' } } };

test('R-GROUP-2: fires where two VMs share a group, and shows the whole group with its owners', () => {
  expect(report(rule, vms, machine())).toEqual(['error group-split at vms/b/devices/sound']);
  const shown = check(rule, vms, machine())[0]?.related ?? [];
  expect(shown.map(({ at }) => at?.file)).toEqual([undefined, 'vms/a/devices/gpu', 'vms/b/devices/sound', undefined]);
  expect(shown.map(({ message }) => message.split(': ').at(-1))).toEqual([
    'a bridge, stays with the host',
    'goes to gpu of a',
    'goes to sound of b',
    'held by nobody',
  ]);
});

test('stays silent where one VM has the group, and where the same device is named twice', () => {
  expect(report(rule, { a: { devices: { gpu: '05:00.0', sound: '05:00.1' } } }, machine())).toEqual([]);
  expect(report(rule, { a: { devices: { x: '05:00.0' } }, b: { devices: { y: '05:00.0' } } }, machine())).toEqual([]);
});

const platform = () =>
  host().smmuV3().platform('a.dma', { group: 50, driver: 'x-dma' }).platform('b.dma', { group: 50, driver: 'x-dma' });

test('R-GROUP-2: fires for platform devices of one group, and does not speak of slots', () => {
  const split = { a: { devices: { x: 'a.dma' } }, b: { devices: { y: 'b.dma' } } };
  expect(report(rule, split, platform())).toEqual(['error group-split at vms/b/devices/y']);
  expect(check(rule, split, platform())[0]?.detail).not.toMatch(/slot|card/);
});
