import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { report } from '../../testing/rule.ts';
import { guestAddressTwiceRule as rule } from './guest-address-twice.ts';

const machine = () => host().intelIommu().nic('01:00.0').nic('02:00.0');
const at = (pci: string, address: string) => ({ pci, guest: { address } });

test('fires for two devices at one address, also through one entry for several devices', () => {
  expect(report(rule, { a: { devices: { x: at('01:00.0', '05.0'), y: at('02:00.0', '05.0') } } }, machine())).toEqual([
    'error guest-address-twice at vms/a/devices/y',
  ]);
  const all = { a: { devices: { x: { id: '8086:10d3', all: true, guest: { address: '05.0' } } } } };
  expect(report(rule, all, machine())).toEqual(['error guest-address-twice at vms/a/devices/x']);
});

test('stays silent for different addresses, and for two VMs', () => {
  expect(report(rule, { a: { devices: { x: at('01:00.0', '05.0'), y: at('02:00.0', '06.0') } } }, machine())).toEqual(
    [],
  );
  const two = { a: { devices: { x: at('01:00.0', '05.0') } }, b: { devices: { y: at('02:00.0', '05.0') } } };
  expect(report(rule, two, machine())).toEqual([]);
});
