import { expect, test } from 'vitest';
import { disk, host, netdev } from '../../testing/index.ts';
import type { DeviceOptions } from '../../testing/index.ts';
import { check, report, textOf } from '../../testing/rule.ts';
import { deviceInUseRule as rule } from './device-in-use.ts';

const machine = (options: DeviceOptions) => host().intelIommu().nic('01:00.0', options);
const vms = { a: { devices: { x: '01:00.0' } } };

test.each<[string, DeviceOptions, string]>([
  ['a mounted file system', { blocks: [disk('sdq', { mounts: ['/srv/data'] })] }, '/srv/data'],
  ['swap', { blocks: [disk('sdq', { swap: true })] }, 'sdq holds swap'],
  ['a device built on its disk', { blocks: [disk('sdq', { holders: ['dm-7'] })] }, 'dm-7'],
  ['an interface with an address', { netdevs: [netdev('wan9', { up: true, hasAddress: true })] }, 'wan9 is up'],
  ['a default route', { netdevs: [netdev('wan9', { defaultRoute: true })] }, 'default route'],
  ['a bond', { netdevs: [netdev('wan9', { up: true, master: 'trunk3' })] }, 'trunk3'],
  ['the boot display', { bootDisplay: true }, 'display'],
])('R-BIND-5: fires for %s, with its evidence', (_use, options, evidence) => {
  expect(report(rule, vms, machine(options))).toEqual(['error device-in-use at vms/a/devices/x']);
  expect(textOf(check(rule, vms, machine(options)))).toContain(evidence);
});

test('R-BIND-5: warns where the manifest says for that device that it is meant', () => {
  const meant = { a: { devices: { x: { pci: '01:00.0', inUse: 'take' as const } } } };
  expect(report(rule, meant, machine({ bootDisplay: true }))).toEqual(['warning device-in-use at vms/a/devices/x/pci']);
});

test('R-BIND-5: the word for one device does not count for a sibling that it brings along', () => {
  const pair = host()
    .intelIommu()
    .gpu('05:00.0', { group: 50, bootDisplay: true })
    .nvme('05:00.1', { group: 50, blocks: [disk('sdq', { mounts: ['/'] })] });
  const meant = { a: { devices: { x: { pci: '05:00.0', inUse: 'take' as const, group: 'detach' as const } } } };
  expect(report(rule, meant, pair)).toEqual([
    'warning device-in-use at vms/a/devices/x/pci',
    'error device-in-use at vms/a/devices/x/pci',
  ]);
});

test('stays silent for an idle device, an interface without an address, and a display that VFIO has', () => {
  expect(report(rule, vms, machine({ blocks: [disk('sdq')] }))).toEqual([]);
  expect(report(rule, vms, machine({ netdevs: [netdev('wan9', { up: true })] }))).toEqual([]);
  expect(report(rule, vms, machine({ bootDisplay: true, driver: 'vfio-pci', netdevs: [] }))).toEqual([]);
});
