import { expect, it } from 'vitest';
import { hostDifferences } from './compare-hosts.ts';
import { host, type HostBuilder } from './host.ts';

const machine = (): HostBuilder =>
  host().intelIommu().nic('01:00.0').module('vfio_pci', 'available').module('vfio', 'loaded', { unsafe: 'N' });
const differences = (after: HostBuilder): string[] => hostDifferences(machine().build(), after.build());

it('R-BACK-1: finds what is not as before: a driver, a module, a parameter, a device that came or went', () => {
  expect(differences(machine().change('01:00.0', { driver: 'vfio-pci' }))).toEqual([
    'device 0000:01:00.0: driver was "e1000e", is "vfio-pci"',
  ]);
  expect(differences(machine().withoutModule('vfio'))).toEqual(['module vfio']);
  expect(differences(machine().module('vfio', 'loaded', { unsafe: 'Y' }))).toEqual(['module vfio']);
  expect(differences(machine().nic('02:00.0'))).toEqual(['group 12 is new', 'device 0000:02:00.0 is new']);
  expect(hostDifferences(machine().nic('02:00.0').build(), machine().build())).toEqual([
    'group 12 is gone',
    'device 0000:02:00.0 is gone',
  ]);
  expect(differences(machine().group(11, { node: { uid: 0, gid: 0, mode: 0o600 } }))).toEqual([
    'group 11: node was null, is {"uid":0,"gid":0,"mode":384}',
  ]);
  expect(differences(machine().hugePages(0x20_0000n, 4))).toEqual(['hugePages']);
});

it('R-BACK-1: lets a module stay that was loaded meanwhile, and finds nothing where nothing changed', () => {
  expect(differences(machine())).toEqual([]);
  expect(differences(machine().module('vfio_pci', 'loaded', { disable_idle_d3: 'N' }))).toEqual([]);
});
