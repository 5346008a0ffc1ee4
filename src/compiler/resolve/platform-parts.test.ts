import { expect, test } from 'vitest';
import type { DeviceManifest } from '../../model/index.ts';
import { CRYPTO, MAC, machine, one, platformOf, resolve, SOC, withRings } from '../../testing/board.ts';
import { host, netdev } from '../../testing/index.ts';

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
