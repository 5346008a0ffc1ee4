import { expect, test } from 'vitest';
import type { DeviceManifest } from '../../model/index.ts';
import { CRYPTO, MAC, machine, one, platformOf, resolve, SOC } from '../../testing/board.ts';
import { disk, host } from '../../testing/index.ts';

test.each<[string, DeviceManifest | string]>([
  ['a plain path of the tree', `${SOC}/ethernet@51000`],
  ['a plain Linux name', MAC],
  ['a plain alias', 'ethernet7'],
  ['a plain path below /sys', `/sys/bus/platform/devices/${MAC}`],
  ['a path of the tree', { platform: `${SOC}/ethernet@51000` }],
  ['an alias', { platform: 'ethernet7' }],
  ['an alias of something above and the way down', { platform: `/soc@f0000000/ethernet@51000/` }],
  ['a label', { platform: '&mac7' }],
  ['its Linux name', { platform: MAC }],
  ['its real path', { platform: `/sys/devices/platform/soc@f0000000/${MAC}` }],
  ['a path inside its directory', { sysfs: `/sys/devices/platform/soc@f0000000/${MAC}/net/lan7` }],
  ['the node as the kernel shows it', { platform: `/sys/firmware/devicetree/base${SOC}/ethernet@51000` }],
  ['its link below the bus', { sysfs: `/sys/bus/platform/devices/${MAC}` }],
  ['its link below its driver', { sysfs: `/sys/bus/platform/drivers/x-mac/${MAC}` }],
  ['its interface', { netdev: 'lan7' }],
  ['the class link of its interface', { sysfs: '/sys/class/net/lan7' }],
  ['its MAC address', { serial: '52:54:00:AA:BB:07' }],
])('R-NAME-1: %s names a platform device by its one canonical identity', (_how, entry) => {
  const { found, devices } = one(entry);
  expect(found).toEqual([]);
  expect(devices[0]?.device.sysfsPath).toBe(`/sys/devices/platform/soc@f0000000/${MAC}`);
});

test('finds the platform device behind a disk', () => {
  const on = machine().changePlatform('f0070000.i2c', { blocks: [disk('mmcblk7')] });
  expect(one({ block: '/dev/mmcblk7p2' }, on).devices[0]?.device.address).toBe('f0070000.i2c');
});

test('takes the device at the end of a path, also where a PCI address stands in it', () => {
  const sysfsPath = '/sys/devices/pci0000:00/0000:01:00.0/idma64.0';
  const on = machine().platform('idma64.0', { sysfsPath });
  expect(one({ sysfs: `${sysfsPath}/` }, on).devices[0]?.device.address).toBe('idma64.0');
});

test.each([
  ['a node that is switched off', `${SOC}/ethernet@53000`, 'status'],
  ['a node that only describes a part', `${SOC}/crypto@60000/notes`, 'compatible'],
  ['a child that only a driver makes, and names the driver', `${SOC}/crypto@60000/jr@1000`, 'caam'],
  ['a device of another bus', `${SOC}/i2c@70000/eeprom@50`, 'i2c'],
  ['the interrupt controller', '/intc@e0000000', 'interrupt controller'],
  ['the root', '/', 'machine'],
])('R-NAME-2: says why there is no device for %s', (_what, platform, why) => {
  const { found, diagnostics } = one({ platform });
  expect(found).toEqual(['node-without-device at vms/guest/devices/it/platform']);
  expect(diagnostics[0]?.detail).toContain(why);
});

test('R-NAME-2: says that the driver of the parent has to be bound where it is not', () => {
  const on = machine().changePlatform(CRYPTO, { driver: null });
  const { diagnostics } = one(`${SOC}/crypto@60000/jr@1000`, on);
  expect(diagnostics[0]?.detail).toMatch(/bind the driver of f0060000\.crypto first/);
});

test('leaves an optional node without a device out', () => {
  const { found } = resolve({
    guest: { devices: { a: MAC, b: { platform: `${SOC}/ethernet@53000`, optional: true } } },
  });
  expect(found).toEqual(['optional-device-absent at vms/guest/devices/b/platform']);
});

test('R-NAME-3: lists near names of a missing device, and the nodes that a short path may mean', () => {
  const missing = one({ platform: 'f0051001.ethernet' });
  expect(missing.found).toEqual(['device-not-found at vms/guest/devices/it/platform']);
  expect(missing.diagnostics[0]?.related[0]?.message).toContain(MAC);
  const short = one({ platform: '/soc/ethernet' });
  expect(short.found).toEqual(['device-ambiguous at vms/guest/devices/it/platform']);
  expect(short.diagnostics[0]?.related).toHaveLength(2);
});

test('takes a plain string with colons for a PCI address, and anything on a host without platform devices', () => {
  expect(one('01:00').found).toEqual(['malformed-pci-address at vms/guest/devices/it']);
  expect(one('f0051001.ethernet').found).toEqual(['device-not-found at vms/guest/devices/it']);
  const pc = host().intelIommu().nic('01:00.0');
  expect(one('ethernet7', pc).found).toEqual(['malformed-pci-address at vms/guest/devices/it']);
});

test('binds each bus to its own VFIO driver', () => {
  const { devices } = resolve({ g: { devices: { a: MAC, b: 'f0080000.pl330', c: '01:00.0' } } });
  expect(devices.map(({ bus, driver }) => [bus, driver])).toEqual([
    ['platform', 'vfio-platform'],
    ['amba', 'vfio-amba'],
    ['pci', 'vfio-pci'],
  ]);
});

test('writes every default of a platform device out', () => {
  expect(platformOf({ platform: MAC })).toMatchObject({
    irqs: [],
    regions: [],
    ranges: { mode: 'translate' },
    interruptMap: { mode: 'translate' },
    children: { included: [], excluded: [] },
    guest: { base: null, interrupt: null },
    reset: 'required',
  });
});
