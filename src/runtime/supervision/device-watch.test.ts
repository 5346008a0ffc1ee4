import { expect, it } from 'vitest';
import type { Assignment } from '../../model/index.ts';
import type { DeviceNow } from '../project/look-at-devices.ts';
import { DeviceWatch } from './device-watch.ts';

const nic: Assignment = {
  vm: 'edge',
  device: 'wan',
  bus: 'pci',
  address: '0000:31:00.0',
  group: 26,
  driver: 'vfio-pci',
  handoff: 'hold',
  guest: { placement: 'function', address: null },
  notes: [],
};

function watched() {
  const told: unknown[] = [];
  const host: { now: DeviceNow | null } = { now: { driver: 'vfio-pci', group: 26, node: '/dev/vfio/26' } };
  const watch = new DeviceWatch(
    [nic],
    () => host.now,
    (event) => told.push(event),
    (line) => told.push(line),
  );
  return { told, host, watch };
}

it('R-BACK-2: a device that is pulled out, and one that loses its driver, is told once each time', () => {
  const { told, host, watch } = watched();
  host.now = { driver: null, group: 26, node: '/dev/vfio/26' };
  watch.check();
  watch.check();
  host.now = null;
  watch.check();
  watch.check();
  const about = { kind: 'device-problem', device: 'wan', address: '0000:31:00.0' };
  expect(told).toEqual([
    { ...about, problem: 'on no driver, not on vfio-pci' },
    'wan (0000:31:00.0) is on no driver, not on vfio-pci.',
    { ...about, problem: 'not on its bus any more' },
    'wan (0000:31:00.0) is not on its bus any more.',
  ]);
});

it('R-BACK-2: a device that is as it should be is not spoken of, until it has not been', () => {
  const { told, host, watch } = watched();
  const { now } = host;
  watch.check();
  expect(told).toEqual([]);
  host.now = null;
  watch.check();
  host.now = now;
  watch.check();
  expect(told.slice(2)).toEqual([
    { kind: 'device-well', device: 'wan', address: '0000:31:00.0' },
    'wan (0000:31:00.0) is as it should be again.',
  ]);
});
