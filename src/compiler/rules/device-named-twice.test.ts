import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { check, report } from '../../testing/rule.ts';
import { deviceNamedTwiceRule as rule } from './device-named-twice.ts';

const machine = () => host().intelIommu().bridge('00:1c.0', { bus: '01' }).nic('01:00.0').nic('02:00.0');

test('fires where two names of one VM are one device, at the second, showing the first', () => {
  const vms = { a: { devices: { x: '01:00.0', y: { netdev: 'lan1s0' } } } };
  expect(report(rule, vms, machine())).toEqual(['error device-named-twice at vms/a/devices/y/netdev']);
  expect(check(rule, vms, machine())[0]?.related[0]?.at?.file).toBe('vms/a/devices/x');
});

test('R-NAME-1: fires across VMs, and for a bridge and what is below it', () => {
  const vms = {
    a: { devices: { slot: '00:1c.0' } },
    b: { devices: { x: '01:00.0' } },
    c: { devices: { z: '01:00.0' } },
  };
  expect(report(rule, vms, machine())).toEqual([
    'error device-named-twice at vms/b/devices/x',
    'error device-named-twice at vms/c/devices/z',
  ]);
});

test('stays silent for different devices', () => {
  expect(report(rule, { a: { devices: { x: '01:00.0', y: '02:00.0' } } }, machine())).toEqual([]);
});

test('R-NAME-1: fires for a platform device under two of its names', () => {
  const machine = host()
    .smmuV3()
    .tree({ aliases: { uart7: '/uart@40000' }, 'uart@40000': { compatible: 'x,uart', reg: [0, 0x4_0000, 0x100] } })
    .platform('40000.uart', { treePath: '/uart@40000' });
  const vms = { a: { devices: { x: 'uart7', y: { platform: '/sys/bus/platform/devices/40000.uart' } } } };
  expect(report(rule, vms, machine)).toEqual(['error device-named-twice at vms/a/devices/y/platform']);
});
