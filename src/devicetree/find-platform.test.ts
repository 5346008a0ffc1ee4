import { expect, test } from 'vitest';
import { indexHost } from '../model/index.ts';
import { host } from '../testing/index.ts';
import { findPlatform } from './find-platform.ts';

const HOST = indexHost(
  host()
    .tree({
      aliases: { serial7: '/soc@1000/uart@20' },
      __symbols__: { tty: '/soc@1000/uart@20' },
      'soc@1000': {
        compatible: 'simple-bus',
        '#address-cells': 1,
        '#size-cells': 1,
        ranges: [0, 0x1000, 0x1000],
        'uart@20': { compatible: 'x,uart', reg: [0x20, 0x10] },
        'uart@40': { compatible: 'x,uart', reg: [0x40, 0x10], status: 'disabled' },
      },
    })
    .platform('1020.uart', {
      treePath: '/soc@1000/uart@20',
      sysfsPath: '/sys/devices/platform/soc@1000/1020.uart',
      driver: 'x-uart',
    })
    .platform('soc@1000', { treePath: '/soc@1000', sysfsPath: '/sys/devices/platform/soc@1000' })
    .nic('0000:01:00.0')
    .build(),
);

test.each([
  ['1020.uart', 'name'],
  ['/soc@1000/uart@20', 'path'],
  ['serial7', 'alias'],
  ['&tty', 'label'],
  ['/sys/devices/platform/soc@1000/1020.uart', 'sysfs'],
  ['/sys/devices/platform/soc@1000/1020.uart/tty/ttyS0', 'sysfs'],
  ['/sys/bus/platform/devices/1020.uart', 'sysfs'],
  ['/sys/bus/platform/drivers/x-uart/1020.uart', 'sysfs'],
  ['/sys/firmware/devicetree/base/soc@1000/uart@20', 'path'],
  ['/proc/device-tree/soc@1000/uart@20/', 'path'],
])('R-NAME-1: finds one device by %s', (name, by) => {
  expect(findPlatform(HOST, name)).toMatchObject({ kind: 'device', by, device: { address: '1020.uart' } });
});

test('the innermost device of a path below /sys is meant', () => {
  expect(findPlatform(HOST, '/sys/devices/platform/soc@1000/power')).toMatchObject({ device: { address: 'soc@1000' } });
});

test('R-NAME-2: a node without a device says why', () => {
  expect(findPlatform(HOST, '/soc@1000/uart@40')).toMatchObject({
    kind: 'node',
    why: { kind: 'disabled', at: { path: '/soc@1000/uart@40' } },
  });
});

test('R-NAME-3: names near ones, and lists the nodes that a short path may mean', () => {
  expect(findPlatform(HOST, '1020.uarf')).toEqual({ kind: 'unknown', near: ['1020.uart'] });
  expect(findPlatform(HOST, '/sys/bus/platform/devices/1020.uort')).toEqual({ kind: 'unknown', near: ['1020.uart'] });
  expect(findPlatform(HOST, '/soc/uart')).toMatchObject({ kind: 'ambiguous', candidates: { length: 2 } });
});

test('takes no PCI function, and finds a device by name where the host has no tree', () => {
  expect(findPlatform(HOST, '0000:01:00.0').kind).toBe('unknown');
  const bare = indexHost(host().platform('1020.uart').build());
  expect(findPlatform(bare, '1020.uart').kind).toBe('device');
  expect(findPlatform(bare, '/soc@1000').kind).toBe('unknown');
});
