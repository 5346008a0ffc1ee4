import { expect, test } from 'vitest';
import { serialCapability } from './device-serial.ts';
import { parseReservedRegions } from './groups.ts';
import { parseMounts, parseSwaps } from './mounts.ts';
import { parseResources } from './resources.ts';
import { deviceAbove, sysfsPathOf } from './sysfs-path.ts';
import { pageSizeIn } from './system.ts';
import { parseUevent } from './uevent.ts';

test('pads a class that the kernel prints without its leading zeros', () => {
  const ids = 'PCI_ID=1AF4:1009\nPCI_SUBSYS_ID=1AF4:0009\n';
  expect(parseUevent(`DRIVER=virtio-pci\nPCI_CLASS=0200\n${ids}`)).toEqual({
    class: '000200',
    vendor: '1af4',
    device: '1009',
    subsystem: { vendor: '1af4', device: '0009' },
    driver: 'virtio-pci',
  });
  expect(parseUevent(`PCI_CLASS=78000\n${ids}`)).toMatchObject({ class: '078000', driver: null });
});

test('takes no subsystem from registers that are zero', () => {
  expect(parseUevent('PCI_CLASS=60400\nPCI_ID=1B36:000E\nPCI_SUBSYS_ID=0000:0000\n')?.subsystem).toBeNull();
  expect(parseUevent('PCI_CLASS=20000\nPCI_ID=8086:10D3\nPCI_SUBSYS_ID=8086:0000\n')?.subsystem).not.toBeNull();
  expect(parseUevent('OF_NAME=usb\n')).toBeUndefined();
});

test('reads BARs and the ROM of a resource file, and no windows of a bridge', () => {
  const zero = '0x0000000000000000 0x0000000000000000 0x0000000000000000';
  const text = [
    '0x000000000000d080 0x000000000000d09f 0x0000000000040101',
    '0x00000000fe744000 0x00000000fe744fff 0x0000000000040200',
    zero,
    zero,
    '0x0000380000000000 0x00003bffffffffff 0x000000000014220c',
    zero,
    '0x00000000fea80000 0x00000000feafffff 0x000000000004e200',
    '0x00000000fe400000 0x00000000fe5fffff 0x0000000000000200',
  ].join('\n');
  expect(parseResources(text)).toEqual([
    { index: 0, start: 0xd080n, size: 0x20n, kind: 'io' },
    { index: 1, start: 0xfe744000n, size: 0x1000n, kind: 'memory' },
    { index: 4, start: 0x3800_0000_0000n, size: 0x400_0000_0000n, kind: 'prefetchable' },
    { index: 6, start: 0xfea80000n, size: 0x80000n, kind: 'prefetchable' },
  ]);
});

test('reads reserved regions with inclusive ends', () => {
  const text = '0x0000000000000000 0x0000000000ffffff direct-relaxable\n0x00000000fee00000 0x00000000feefffff msi\n';
  expect(parseReservedRegions(text)).toEqual([
    { first: 0n, last: 0xffffffn, type: 'direct-relaxable' },
    { first: 0xfee00000n, last: 0xfeefffffn, type: 'msi' },
  ]);
  expect(parseReservedRegions('')).toEqual([]);
});

test('R-NAME-1: takes the innermost device of a path, whatever its bus', () => {
  const bridge = '/sys/devices/pci0000:00/0000:00:0e.0';
  const disk = `${bridge}/pci10000:e0/10000:e0:06.0/10000:e1:00.0`;
  const usb = '/sys/devices/platform/soc/fe80000.usb';
  const known = new Set([bridge, disk, '/sys/devices/platform/soc', usb]);
  const above = (link: string) => deviceAbove(sysfsPathOf(link), known);
  expect(above(`../../..${disk.slice('/sys'.length)}/nvme/nvme0/nvme0n1`)).toBe(disk);
  expect(above(`../..${usb.slice('/sys'.length)}/xhci-hcd.0.auto/usb1/1-1/1-1:1.0/net/usb0`)).toBe(usb);
  expect(above('../../devices/platform/soc/fe90000.mmc/mmc_host/mmc0/block/mmcblk0')).toBe('/sys/devices/platform/soc');
  expect(above('../../devices/virtual/net/lo')).toBeUndefined();
  expect(above(`../..${usb.slice('/sys'.length)}`)).toBe('/sys/devices/platform/soc');
});

test('undoes the escapes of the mount table and keeps both ways to find a mount', () => {
  const table = parseMounts(
    '36 35 98:0 /mnt1 /mnt\\040two rw,noatime master:1 - ext3 /dev/root rw\n40 1 0:33 / /b rw - btrfs /dev/sdb2 rw\nrubbish\n',
  );
  expect(table.byNumber.get('98:0')).toEqual(['/mnt two']);
  expect(table.bySource.get('/dev/sdb2')).toEqual(['/b']);
});

test('counts swap devices and leaves swap files to their file system', () => {
  const text = 'Filename\tType\n/dev/dm-1 partition 1 0 -2\n/swapfile file 1 0 -3\n';
  expect([...parseSwaps(text)]).toEqual(['/dev/dm-1']);
});

test('finds the page size in an auxiliary vector of either word size', () => {
  const wide = Buffer.alloc(64);
  wide.writeBigUInt64LE(6n, 16);
  wide.writeBigUInt64LE(65536n, 24);
  wide.writeBigUInt64LE(16n, 0);
  const narrow = Buffer.alloc(24);
  narrow.writeUInt32LE(16, 0);
  narrow.writeUInt32LE(6, 8);
  narrow.writeUInt32LE(4096, 12);
  expect(pageSizeIn(wide, 'arm64')).toBe(65536);
  expect(pageSizeIn(narrow, 'arm')).toBe(4096);
  expect(pageSizeIn(Buffer.alloc(64), 'x64')).toBeNull();
  expect(pageSizeIn(null, 'x64')).toBeNull();
});

test('finds the serial number behind other capabilities, and ends on a list that loops', () => {
  const reader = (space: Buffer) => (offset: number, length: number) => space.subarray(offset, offset + length);
  const space = Buffer.alloc(0x1000);
  space.writeUInt32LE((0x140 << 20) | 0x10001, 0x100);
  space.writeUInt32LE(0x10003, 0x140);
  space.writeUInt32LE(0xffa1b2c3, 0x144);
  space.writeUInt32LE(0x001b21ff, 0x148);
  expect(serialCapability(reader(space))).toBe('00-1b-21-ff-ff-a1-b2-c3');
  const loop = Buffer.alloc(0x1000);
  loop.writeUInt32LE((0x100 << 20) | 0x10001, 0x100);
  expect(serialCapability(reader(loop))).toBeNull();
  expect(serialCapability(reader(space.subarray(0, 0x146)))).toBeNull();
  expect(serialCapability(reader(Buffer.alloc(64)))).toBeNull();
  expect(serialCapability(() => null)).toBeNull();
});
