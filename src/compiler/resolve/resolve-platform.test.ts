import { expect, test } from 'vitest';
import { indexHost } from '../../model/index.ts';
import type { DeviceManifest, ManifestDocument, ResolvedPlatformDevice, VmManifest } from '../../model/index.ts';
import { disk, host, type HostBuilder, manifestFrom, netdev } from '../../testing/index.ts';
import { resolveManifest } from './resolve.ts';

/** A bus with a MAC, a crypto block whose driver makes devices of its rings, and what is no device. */
const TREE = {
  '#address-cells': 1,
  '#size-cells': 1,
  'interrupt-parent': 1,
  aliases: { ethernet7: '/soc@f0000000/ethernet@51000', crypto: '/soc@f0000000/crypto@60000' },
  __symbols__: { mac7: '/soc@f0000000/ethernet@51000' },
  'intc@e0000000': {
    compatible: 'arm,gic-400',
    'interrupt-controller': true,
    '#interrupt-cells': 3,
    reg: [0xe000_0000, 0x1000],
    phandle: 1,
  },
  'soc@f0000000': {
    compatible: 'simple-bus',
    '#address-cells': 1,
    '#size-cells': 1,
    ranges: [0, 0xf000_0000, 0x100_0000],
    'ethernet@51000': {
      compatible: 'x,mac',
      reg: [0x5_1000, 0x1000, 0x5_2000, 0x1000],
      'reg-names': ['mac', 'pcs'],
      interrupts: [0, 80, 4, 0, 81, 1],
      'interrupt-names': ['main', 'wake'],
    },
    'ethernet@53000': { compatible: 'x,mac', reg: [0x5_3000, 0x1000], status: 'disabled' },
    'crypto@60000': {
      compatible: 'fsl,sec-v4.0',
      '#address-cells': 1,
      '#size-cells': 1,
      ranges: [0, 0x6_0000, 0x1_0000],
      reg: [0x6_0000, 0x1_0000],
      'jr@1000': { compatible: 'fsl,sec-v4.0-job-ring', reg: [0x1000, 0x1000] },
      'jr@2000': { compatible: 'fsl,sec-v4.0-job-ring', reg: [0x2000, 0x1000], 'port@0': { endpoint: {} } },
      'rtic@6000': { compatible: 'fsl,sec-v4.0-rtic', reg: [0x6000, 0x100], 'rtic-a@0': { reg: [0, 0x20] } },
      notes: {},
    },
    'i2c@70000': {
      compatible: 'x,i2c',
      reg: [0x7_0000, 0x100],
      '#address-cells': 1,
      '#size-cells': 0,
      'eeprom@50': { compatible: 'x,eeprom', reg: 0x50 },
    },
    'pl330@80000': {
      compatible: ['arm,pl330', 'arm,primecell'],
      reg: [0x8_0000, 0x1000, 0x8_1000, 0x1000],
      interrupts: [0, 90, 4],
    },
  },
} as const;

const SOC = '/soc@f0000000';
const MAC = 'f0051000.ethernet';
const CRYPTO = 'f0060000.crypto';

const machine = (): HostBuilder =>
  host()
    .smmuV3()
    .tree(TREE)
    .platform('soc@f0000000', { treePath: SOC, group: null })
    .platform(MAC, {
      treePath: `${SOC}/ethernet@51000`,
      driver: 'x-mac',
      netdevs: [netdev('lan7', { mac: '52:54:00:aa:bb:07' })],
    })
    .platform(CRYPTO, { treePath: `${SOC}/crypto@60000`, driver: 'caam' })
    .platform('f0070000.i2c', { treePath: `${SOC}/i2c@70000` })
    .amba('f0080000.pl330', { treePath: `${SOC}/pl330@80000` })
    .nic('01:00.0');

const withRings = (): HostBuilder =>
  machine()
    .platform('f0061000.jr', { treePath: `${SOC}/crypto@60000/jr@1000`, driver: 'caam_jr' })
    .platform('f0062000.jr', { treePath: `${SOC}/crypto@60000/jr@2000`, driver: 'caam_jr' });

function resolve(vms: Record<string, Partial<VmManifest>>, on: HostBuilder = machine()) {
  const document = { version: 1, vms } as ManifestDocument;
  const { value, diagnostics } = resolveManifest(manifestFrom(document), indexHost(on.build()));
  const found = diagnostics.map(({ code, at }) => `${code} at ${at?.file}`);
  return { found, diagnostics, devices: value?.vms.flatMap((vm) => vm.devices) ?? [] };
}

const one = (entry: DeviceManifest | string, on?: HostBuilder) => resolve({ guest: { devices: { it: entry } } }, on);

const platformOf = (entry: DeviceManifest, on?: HostBuilder): Partial<ResolvedPlatformDevice> => {
  const [device] = one(entry, on).devices;
  return device && device.bus !== 'pci' ? device : {};
};

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

test('finds interrupts and regions by position and by name', () => {
  const irqs = [{ index: 'wake', unmask: 'eventfd' as const }, { index: 0 }];
  const regions = [
    { name: 'pcs', mmap: 'required' as const },
    { index: 0, cacheable: 'preferred' as const },
  ];
  const guest = { base: '0xc000000', interrupt: 112 };
  expect(platformOf({ platform: MAC, irqs, regions, guest, ranges: 'expose' })).toMatchObject({
    irqs: [
      { index: 1, unmask: 'eventfd', at: { file: 'vms/guest/devices/it/irqs/0' } },
      { index: 0, unmask: 'explicit' },
    ],
    regions: [
      { index: 1, mmap: 'required', cacheable: null, at: { file: 'vms/guest/devices/it/regions/0' } },
      { index: 0, mmap: null, cacheable: 'preferred' },
    ],
    ranges: { mode: 'expose', at: { file: 'vms/guest/devices/it/ranges' } },
    guest: { base: 0xc00_0000n, interrupt: 112 },
  });
});

test('refuses interrupts and regions that a device does not have, and names near ones', () => {
  const { found, diagnostics } = one({
    platform: MAC,
    irqs: [{ index: 2 }, { index: 'mian' }],
    regions: [{ name: 'psc', mmap: 'required' }, { index: 7 }],
  });
  expect(found).toEqual([
    'irq-unknown at vms/guest/devices/it/irqs/0/index',
    'irq-unknown at vms/guest/devices/it/irqs/1/index',
    'region-unknown at vms/guest/devices/it/regions/0/name',
    'region-unknown at vms/guest/devices/it/regions/1/index',
  ]);
  expect(diagnostics[1]?.detail).toContain('Did you mean "main"?');
  expect(diagnostics[2]?.detail).toContain('"pcs"?');
});

test('an AMBA device has one region, whatever its node says', () => {
  expect(one({ platform: 'f0080000.pl330', regions: [{ index: 0 }] }).found).toEqual([]);
  expect(one({ platform: 'f0080000.pl330', regions: [{ index: 1 }] }).found).toHaveLength(1);
});

test('takes positions as they are where the host has no tree, and no names', () => {
  const bare = host().smmuV3().platform('X0:00');
  expect(one({ platform: 'X0:00', irqs: [{ index: 3 }], regions: [{ index: 9 }] }, bare).found).toEqual([]);
  expect(one({ platform: 'X0:00', irqs: [{ index: 'main' }] }, bare).found).toEqual([
    'irq-unknown at vms/guest/devices/it/irqs/0/index',
  ]);
});

test('refuses a kind of interrupt that PCI does not have, and names the near one', () => {
  const { found, diagnostics } = one({ pci: '01:00.0', irqs: [{ index: 'msi-x' }, { index: 0 }] });
  expect(found).toEqual([
    'irq-unknown at vms/guest/devices/it/irqs/0/index',
    'irq-unknown at vms/guest/devices/it/irqs/1/index',
  ]);
  expect(diagnostics[0]?.detail).toContain('"msix"');
});

test('refuses keys of platform devices on a PCI function, each at its key', () => {
  const { found } = one(
    {
      netdev: 'lan9',
      children: { include: ['a'] },
      regions: [{ index: 0 }],
      ranges: 'translate',
      interruptMap: 'expose',
      guest: { base: 0, interrupt: 1 },
      irqs: [{ index: 'msi', unmask: 'eventfd' }],
    },
    machine().nic('02:00.0', { netdevs: [netdev('lan9')] }),
  );
  expect(found).toEqual(
    ['children', 'regions', 'ranges', 'interruptMap', 'guest/base', 'guest/interrupt', 'irqs/0/unmask'].map(
      (key) => `key-not-for-bus at vms/guest/devices/it/${key}#key`,
    ),
  );
});

test('refuses keys of PCI functions on a platform device, each at its key', () => {
  const { found } = one({
    platform: MAC,
    guest: { placement: 'function', address: '05.0' },
    irqs: [
      { index: 0, count: 2 },
      { index: 1, count: 1 },
    ],
    expect: { id: '8086:10d3', class: '02', driver: 'x-mac' },
  });
  expect(found).toEqual(
    ['guest/placement', 'guest/address', 'irqs/0/count', 'expect/id', 'expect/class'].map(
      (key) => `key-not-for-bus at vms/guest/devices/it/${key}#key`,
    ),
  );
});

test('holds a platform device against the driver and the serial number that are expected', () => {
  expect(one({ platform: MAC, expect: { driver: 'other' } }).found).toEqual([
    'device-changed at vms/guest/devices/it/expect/driver',
  ]);
  expect(one({ platform: MAC, expect: { serial: '52:54:00:aa:bb:07' } }).found).toEqual([]);
});

const below = (path: string): string => `${SOC}/crypto@60000/${path}`;

test('R-TREE-1: all children go with a device, with their subtrees, unless it says otherwise', () => {
  expect(platformOf({ platform: CRYPTO }).children).toMatchObject({
    included: [
      'jr@1000',
      'jr@2000',
      'jr@2000/port@0',
      'jr@2000/port@0/endpoint',
      'rtic@6000',
      'rtic@6000/rtic-a@0',
      'notes',
    ].map(below),
    excluded: [],
  });
});

test.each<[string, NonNullable<DeviceManifest['children']>, string[], string[]]>([
  ['include by name', { include: ['jr@1000'] }, ['jr@1000'], ['jr@2000', 'rtic@6000', 'notes']],
  [
    'include by a name that one child has',
    { include: ['rtic'] },
    ['rtic@6000', 'rtic@6000/rtic-a@0'],
    ['jr@1000', 'jr@2000', 'notes'],
  ],
  ['include by path', { include: [below('notes')] }, ['notes'], ['jr@1000', 'jr@2000', 'rtic@6000']],
  [
    'include something deeper, with what is on the way',
    { include: ['jr@2000/port'] },
    ['jr@2000', 'jr@2000/port@0', 'jr@2000/port@0/endpoint'],
    ['jr@1000', 'rtic@6000', 'notes'],
  ],
  [
    'exclude by name and by path',
    { exclude: ['jr@1000', below('jr@2000'), 'rtic'] },
    ['notes'],
    ['jr@1000', 'jr@2000', 'rtic@6000'],
  ],
  [
    'exclude something deeper',
    { exclude: ['rtic/rtic-a', 'jr@1000', 'jr@2000'] },
    ['rtic@6000', 'notes'],
    ['jr@1000', 'jr@2000', 'rtic@6000/rtic-a@0'],
  ],
])('R-TREE-1: children can be chosen: %s', (_how, children, included, excluded) => {
  const resolved = platformOf({ platform: CRYPTO, children }).children;
  expect(resolved?.included).toEqual(included.map(below));
  expect(resolved?.excluded).toEqual(excluded.map(below));
  expect(resolved?.at.file).toBe('vms/guest/devices/it/children');
});

test('R-TREE-1: refuses names of children that match nothing or several, and lists the candidates', () => {
  const { found, diagnostics } = one({
    platform: CRYPTO,
    children: { exclude: ['jr@3000', 'jr', `${SOC}/ethernet@51000`] },
  });
  expect(found).toEqual([
    'child-not-found at vms/guest/devices/it/children/exclude/0',
    'child-ambiguous at vms/guest/devices/it/children/exclude/1',
    'child-not-found at vms/guest/devices/it/children/exclude/2',
  ]);
  expect(diagnostics[0]?.related.map(({ message }) => message)).toEqual(['jr@1000', 'jr@2000']);
});

test('R-TREE-1: an included child that is a Linux device of its own is a device of the VM', () => {
  const { devices } = one(
    { platform: CRYPTO, driver: 'own_vfio', inUse: 'take', children: { exclude: ['jr@1000'] } },
    withRings(),
  );
  expect(devices.map(({ name, driver, inUse }) => [name, driver, inUse])).toEqual([
    ['it', 'own_vfio', 'take'],
    ['it@f0062000.jr', 'vfio-platform', 'refuse'],
  ]);
  expect(devices[1]).toMatchObject({
    origin: { kind: 'child', of: { address: CRYPTO } },
    children: { included: [below('jr@2000/port@0'), below('jr@2000/port@0/endpoint')], excluded: [] },
  });
});

test('R-TREE-1: a child with an entry of its own is left to that entry', () => {
  const devices = { block: CRYPTO, ring: { platform: 'f0061000.jr', reset: 'none' as const } };
  const { found, devices: resolved } = resolve({ guest: { devices } }, withRings());
  expect(found).toEqual([]);
  expect(resolved.map(({ name }) => name)).toEqual(['block', 'block@f0062000.jr', 'ring']);
});

test('R-TREE-1: refuses a child that goes to another VM than its parent, unless it is excluded', () => {
  const vms = (children?: DeviceManifest['children']) => ({
    a: { devices: { block: { platform: CRYPTO, ...(children ? { children } : {}) } } },
    b: { devices: { ring: 'f0061000.jr' } },
  });
  const { found, diagnostics } = resolve(vms(), withRings());
  expect(found).toEqual(['child-split at vms/a/devices/block/children']);
  expect(diagnostics[0]?.related[0]?.at?.file).toBe('vms/b/devices/ring');
  expect(resolve(vms({ exclude: ['jr@1000'] }), withRings()).found).toEqual([]);
});

test('R-GROUP-1: brings platform devices of the group along, without what the entry says of the named one', () => {
  const on = machine().changePlatform(MAC, { group: 40 }).changePlatform(CRYPTO, { group: 40 });
  const { devices } = one({ platform: MAC, group: 'take', irqs: [{ index: 0 }], guest: { interrupt: 120 } }, on);
  expect(devices[1]).toMatchObject({
    name: `it@${CRYPTO}`,
    origin: { kind: 'group-sibling', of: { address: MAC } },
    bus: 'platform',
    driver: 'vfio-platform',
    irqs: [],
    guest: { interrupt: null },
    children: { included: [], excluded: [] },
  });
});
