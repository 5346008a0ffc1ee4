import { expect, test } from 'vitest';
import { diskNames } from './block-name.ts';
import { readSysfsPath } from './sysfs-path.ts';
import { topologyOf } from './lookup.ts';

test('reads a path that goes up and repeats slashes', () => {
  expect(readSysfsPath('/sys/bus/pci/../pci//devices/./0000:0a:00.0')).toEqual({
    kind: 'address',
    address: '0000:0a:00.0',
  });
});

test('refuses paths that name no device', () => {
  for (const path of ['/sys', '/sys/devices/pci0000:00', '/sys/../etc/0000:01:00.0', '/sys/class/net', '/sys/block']) {
    expect(readSysfsPath(path)).toBeUndefined();
  }
});

test('begins a topology path at the last host bridge on the way', () => {
  expect(topologyOf('/sys/devices/pci0000:00/0000:00:0e.0/pci10000:e0/10000:e0:06.0/10000:e1:00.0')).toBe(
    '10000:e0/06.0/00.0',
  );
  expect(topologyOf('/sys/devices/platform/40000000.pcie/pci0000:00/0000:00:01.0')).toBe('0000:00/01.0');
  expect(topologyOf('/sys/devices/platform/serial8250')).toBeUndefined();
});

test('tries a disk before the disk of a partition', () => {
  expect(diskNames('/dev/nvme0n1p2')).toEqual(['nvme0n1p2', 'nvme0n1']);
  expect(diskNames('vdb1')).toEqual(['vdb1', 'vdb']);
  expect(diskNames('md0')).toEqual(['md0']);
});
