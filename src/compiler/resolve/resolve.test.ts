import { testPlugins } from '../../testing/plugins.ts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DeviceManifest, HostInventory, ManifestDocument, VmManifest } from '../../model/index.ts';
import { indexHost } from '../../model/index.ts';
import { type HostBuilder, disk, host, manifestFrom, netdev } from '../../testing/index.ts';
import { resolveManifest } from './resolve.ts';

const machine = (): HostBuilder =>
  host()
    .intelIommu()
    .bridge('00:1c.4', { bus: '01' })
    .nic('01:00.0', { slot: '3', netdevs: [netdev('wan4', { mac: '52:54:00:aa:bb:01' })], serial: 'AA-01' })
    .nic('01:00.1', { slot: '3' })
    .nvme('04:00.0', { blocks: [disk('nvme7n1', { serial: 'S4EWNX0R1' })] })
    .gpu('05:00.0', { group: 70 })
    .audio('05:00.1', { group: 70 })
    .pf('06:00.0', { netdevs: [netdev('pf6')] })
    .vf('06:10.0', '06:00.0', 0)
    .vf('06:10.2', '06:00.0', 1);

function resolve(vms: Record<string, Partial<VmManifest>>, inventory: HostInventory = machine().build()) {
  const document = { version: 1, vms } as ManifestDocument;
  const result = resolveManifest(manifestFrom(document), indexHost(inventory), testPlugins);
  const found = result.diagnostics.map(({ code, at }) => ({ code, at: at?.file }));
  return { ...result, found, vms: result.value?.vms ?? [] };
}

/** Resolves one device entry and gives the addresses that it stands for. */
function addresses(entry: DeviceManifest | string, inventory?: HostInventory): string[] {
  const { vms } = resolve({ guest: { devices: { it: entry } } }, inventory);
  return vms.flatMap((vm) => vm.devices.map(({ device }) => device.address));
}

const one = (entry: DeviceManifest | string, inventory?: HostInventory) =>
  resolve({ guest: { devices: { it: entry } } }, inventory);

test.each<[string, DeviceManifest | string]>([
  ['a plain string', '0000:01:00.0'],
  ['an address without domain', { pci: '01:00.0' }],
  ['its link on the bus', { sysfs: '/sys/bus/pci/devices/0000:01:00.0' }],
  ['its real path', { sysfs: '/sys/devices/pci0000:00/0000:00:1c.4/0000:01:00.0/' }],
  ['a path inside its directory', { sysfs: '/sys/devices/pci0000:00/0000:00:1c.4/0000:01:00.0/net/wan4' }],
  ['its link below a driver', { sysfs: '/sys/bus/pci/drivers/e1000e/0000:01:00.0' }],
  ['the class link of its interface', { sysfs: '/sys/class/net/wan4/device' }],
  ['vendor and device with an index', { id: '8086:10D3', index: 0 }],
  ['class and index', { class: 'network', index: 0 }],
  ['its interface', { netdev: 'wan4' }],
  ['its serial number', { serial: 'aa-01' }],
  ['its MAC address', { serial: '52:54:00:AA:BB:01' }],
  ['its topology path', { topology: '0000:00/1c.4/00.0' }],
  ['its topology path without domain', { topology: '00/1C.4/00.0' }],
])('R-NAME-1: %s names a device by its one canonical identity', (_how, entry) => {
  const { vms, found } = one(entry);
  expect(found).toEqual([]);
  expect(vms[0]?.devices[0]?.device.sysfsPath).toBe('/sys/devices/pci0000:00/0000:00:1c.4/0000:01:00.0');
});

test.each(['nvme7n1', '/dev/nvme7n1', '/dev/nvme7n1p2'])('finds the controller behind the disk %s', (block) => {
  expect(addresses({ block })).toEqual(['0000:04:00.0']);
});

test('finds the controller behind a partition of a SCSI disk', () => {
  const inventory = host()
    .intelIommu()
    .nvme('04:00.0', { blocks: [disk('sdq')] })
    .build();
  expect(addresses({ block: '/dev/sdq3' }, inventory)).toEqual(['0000:04:00.0']);
});

test('finds a VF by its PF, by address and by interface, and its number', () => {
  expect(addresses({ vf: { pf: '06:00.0', index: 1 } })).toEqual(['0000:06:10.2']);
  expect(addresses({ vf: { pf: 'pf6', index: 0 } })).toEqual(['0000:06:10.0']);
});

test('says how many VFs are on where one is missing', () => {
  const { diagnostics, found } = one({ vf: { pf: '06:00.0', index: 5 } });
  expect(found).toEqual([{ code: 'device-not-found', at: 'vms/guest/devices/it/vf' }]);
  expect(diagnostics[0]?.detail).toContain('sriov_numvfs');
});

test('takes every match with all, each with the address behind its name', () => {
  const { vms } = one({ id: '8086:10d3', all: true });
  expect(vms[0]?.devices.map((device) => [device.name, device.origin.kind])).toEqual([
    ['it@0000:01:00.0', 'one-of-all'],
    ['it@0000:01:00.1', 'one-of-all'],
  ]);
});

test('narrows matches by slot, then counts', () => {
  expect(addresses({ class: '0200', slot: 3, index: 1 })).toEqual(['0000:01:00.1']);
  expect(one({ class: '0200', slot: '9' }).found).toEqual([
    { code: 'device-not-found', at: 'vms/guest/devices/it/class' },
  ]);
});

test('R-NAME-3: lists every match of an ambiguous name', () => {
  const { found, diagnostics } = one({ id: '8086:10d3' });
  expect(found).toEqual([{ code: 'device-ambiguous', at: 'vms/guest/devices/it/id' }]);
  expect(diagnostics[0]?.related.map(({ message }) => message.slice(0, 12))).toEqual(['0000:01:00.0', '0000:01:00.1']);
});

test('R-NAME-3: lists what is in the same slot, one digit away and on the same bus as a missing address', () => {
  const near = one('01:00.4').diagnostics[0]?.related.map(({ message }) => message.slice(0, 12));
  expect(near).toEqual(['0000:01:00.0', '0000:01:00.1']);
  expect(one('14:00.0').diagnostics[0]?.related[0]?.message).toContain('0000:04:00.0');
});

test.each<[string, DeviceManifest, string]>([
  ['an interface with a similar name', { netdev: 'wan5' }, 'wan4'],
  ['devices of the same vendor', { id: '10de:ffff' }, '0000:05:00.0'],
  ['a similar disk', { block: '/dev/nvme8n1' }, 'nvme7n1'],
  ['a similar topology path', { topology: '0000:00/1c.5/00.0' }, '0000:00/1c.4/00.0'],
  ['the new path of a device that moved', { sysfs: '/sys/devices/pci0000:00/0000:01:00.0' }, '/0000:00:1c.4/'],
])('R-NAME-3: a missing device lists %s', (_what, entry, near) => {
  const { found, diagnostics } = one(entry);
  expect(found.map(({ code }) => code)).toEqual(['device-not-found']);
  expect(diagnostics[0]?.related.map(({ message }) => message).join()).toContain(near);
});

test('never takes the bridge above a device that is gone', () => {
  expect(addresses({ sysfs: '/sys/devices/pci0000:00/0000:00:1c.4/0000:01:00.7' })).toEqual([]);
});

test('refuses what is no address', () => {
  expect(one('01:00').found).toEqual([{ code: 'malformed-pci-address', at: 'vms/guest/devices/it' }]);
});

test('says that a snapshot holds no serial numbers rather than that the device is missing', () => {
  const bare = host().intelIommu().nic('01:00.0').build();
  expect(one({ serial: 'AA-01' }, bare).found[0]?.code).toBe('serial-unknown');
  expect(one({ pci: '01:00.0', expect: { serial: 'AA-01' } }, bare).found).toEqual([
    { code: 'serial-unknown', at: 'vms/guest/devices/it/expect/serial' },
  ]);
});

test('refuses a device that changed behind its address, at the expectation that fails', () => {
  const { found } = one({
    pci: '01:00.0',
    expect: { id: '8086:ffff', class: '02', driver: 'e1000e', subsystem: '1:1' },
  });
  expect(found).toEqual([
    { code: 'device-changed', at: 'vms/guest/devices/it/expect/id' },
    { code: 'device-changed', at: 'vms/guest/devices/it/expect/subsystem' },
  ]);
  expect(one({ pci: '01:00.0', expect: { id: '8086:10D3', serial: 'aa-01' } }).found).toEqual([]);
});

test('leaves an optional device out with a note', () => {
  const { found, vms } = resolve({ guest: { devices: { a: '01:00.0', b: { pci: '09:00.0', optional: true } } } });
  expect(found).toEqual([{ code: 'optional-device-absent', at: 'vms/guest/devices/b/pci' }]);
  expect(vms[0]?.devices.map((device) => device.name)).toEqual(['a']);
});

test('refuses a VM of which nothing is left, but not one whose device is in error', () => {
  const lost = resolve({ guest: { devices: { b: { pci: '09:00.0', optional: true } } } });
  expect(lost.found.at(-1)).toEqual({ code: 'vm-without-devices', at: 'vms/guest#key' });
  expect(one('09:00.0').found.map(({ code }) => code)).toEqual(['device-not-found']);
});

test('does not take an ambiguous optional device for a missing one', () => {
  expect(one({ id: '8086:10d3', optional: true }).found.map(({ code }) => code)).toEqual(['device-ambiguous']);
});

test('R-GROUP-4: naming a bridge takes every endpoint below it, at any depth', () => {
  const inventory = host()
    .intelIommu()
    .bridge('00:1c.0', { bus: '02' })
    .bridge('02:00.0', { bus: '03' })
    .bridge('03:01.0', { bus: '04' })
    .nic('04:00.0')
    .nic('03:02.0')
    .nic('09:00.0')
    .build();
  const { vms, found } = one('00:1c.0', inventory);
  expect(found).toEqual([]);
  expect(vms[0]?.devices.map(({ name }) => name)).toEqual(['it@0000:03:02.0', 'it@0000:04:00.0']);
  expect(vms[0]?.devices[0]?.origin).toMatchObject({ kind: 'below-bridge', bridge: { address: '0000:00:1c.0' } });
  expect(addresses({ class: '0604', all: true }, inventory)).toEqual(['0000:03:02.0', '0000:04:00.0']);
});

test('R-GROUP-4: refuses a bridge with nothing below it', () => {
  const inventory = host().intelIommu().bridge('00:1c.0', { bus: '02' }).build();
  expect(one('00:1c.0', inventory).found).toEqual([{ code: 'bridge-without-devices', at: 'vms/guest/devices/it' }]);
});

test('R-GROUP-1: brings the host-held siblings along as the policy says, and nothing else', () => {
  const inventory = machine()
    .bridge('00:1d.0', { group: 70 })
    .usb('05:00.2', { group: 70, driver: null })
    .usb('05:00.3', { group: 70 })
    .build();
  const taken = one({ pci: '05:00.0', group: 'take', reset: 'preferred', driver: 'vendor_vfio' }, inventory).vms[0];
  expect(taken?.devices.map(({ name, use, driver }) => [name, use, driver])).toEqual([
    ['it', 'assign', 'vendor_vfio'],
    ['it@0000:05:00.1', 'assign', 'vfio-pci'],
    ['it@0000:05:00.3', 'assign', 'vfio-pci'],
  ]);
  expect(taken?.devices[1]).toMatchObject({ origin: { kind: 'group-sibling' }, reset: 'preferred' });
  const detached = one({ pci: '05:00.0', group: 'detach' }, inventory).vms[0];
  expect(detached?.devices.map(({ use }) => use)).toEqual(['assign', 'detach', 'detach']);
});

test('does not bring a sibling along that another entry names', () => {
  const { vms } = resolve({
    a: { devices: { gpu: { pci: '05:00.0', group: 'take' } } },
    b: { devices: { sound: '05:00.1' } },
  });
  expect(vms.map((vm) => vm.devices.map(({ name }) => name))).toEqual([['gpu'], ['sound']]);
});

test('writes every default out', () => {
  const vm = resolve({ guest: { devices: { a: '01:00.0' }, memory: [{ iova: '0x1000', size: '4KiB' }] } }).vms[0];
  expect(vm).toMatchObject({
    iommu: { type: 'type1v2', unsafeInterrupts: false },
    handoff: { mode: 'hold' },
    msi: { banks: 0 },
    memory: [{ iova: 0x1000n, size: 4096n, backing: 'anonymous', pageSize: null, access: 'read-write' }],
    devices: [
      {
        driver: 'vfio-pci',
        reset: 'required',
        groupPolicy: 'strict',
        irqs: [],
        guest: { placement: 'function', address: null },
        inUse: 'refuse',
        use: 'assign',
      },
    ],
  });
});

test('keeps what is written', () => {
  const { vms } = resolve({
    guest: {
      iommu: { type: 'type1', unsafeInterrupts: true },
      handoff: { mode: 'bind', user: 'packets', group: 990, permissions: '0640' },
      msi: { banks: 3 },
      devices: {
        a: {
          pci: '01:00.0',
          reset: { policy: 'none' },
          irqs: [{ index: 'msix', count: 4 }, { index: 'err' }],
          guest: { placement: 'own-bus', address: '05.0' },
        },
      },
    },
  });
  expect(vms[0]).toMatchObject({
    iommu: { type: 'type1', unsafeInterrupts: true },
    handoff: { mode: 'bind', user: 'packets', group: 990, permissions: 0o640 },
    msi: { banks: 3 },
    devices: [
      {
        reset: 'none',
        irqs: [
          { index: 'msix', count: 4 },
          { index: 'err', count: 1, at: { file: 'vms/guest/devices/a/irqs/1' } },
        ],
        guest: { placement: 'own-bus', address: '05.0' },
      },
    ],
  });
});

test('leaves the owner and the permissions of nodes alone where bind does not name them', () => {
  const vm = resolve({ guest: { handoff: 'bind', devices: { a: '01:00.0' } } }).vms[0];
  expect(vm?.handoff).toMatchObject({ mode: 'bind', user: null, group: null, permissions: null });
});

test.each([
  ['2 MiB where the host has no pool', [], 0x20_0000n],
  ['2 MiB where it has that pool', [0x4000_0000n, 0x20_0000n], 0x20_0000n],
  ['the smallest pool where it has none of 2 MiB', [0x4_0000_0000n, 0x2000_0000n], 0x2000_0000n],
])('takes huge pages of %s', (_which, pools, size) => {
  const inventory = pools.reduce((builder, pool) => builder.hugePages(pool, 9), machine()).build();
  const memory = [{ iova: 0, size: '1GiB', backing: 'hugetlb' as const }];
  const { vms } = resolve({ guest: { devices: { a: '01:00.0' }, memory } }, inventory);
  expect(vms[0]?.memory[0]?.pageSize).toBe(size);
});

test('a memory file has huge pages only where they are asked for', () => {
  const memory = [
    { iova: 0, size: '1GiB', backing: 'memfd' as const },
    { iova: '4GiB', size: '1GiB', backing: 'memfd' as const, pageSize: '1GiB' },
  ];
  const { vms } = resolve({ guest: { devices: { a: '01:00.0' }, memory } });
  expect(vms[0]?.memory.map(({ pageSize }) => pageSize)).toEqual([null, 0x4000_0000n]);
});

test('does not depend on the order of the devices in the inventory', () => {
  const inventory = machine().build();
  const manifest = manifestFrom({
    version: 1,
    vms: {
      a: { devices: { nics: { class: 'network', all: true }, gpu: { id: '10de:1c82', group: 'take' } } },
      b: { devices: { port: '00:1c.4', none: '14:00.0', vague: { class: '02' } } },
    },
  });
  const expected = resolveManifest(manifest, indexHost(inventory), testPlugins);
  fc.assert(
    fc.property(
      fc.shuffledSubarray(inventory.devices, { minLength: inventory.devices.length }),
      fc.shuffledSubarray(inventory.groups, { minLength: inventory.groups.length }),
      (devices, groups) => {
        expect(resolveManifest(manifest, indexHost({ ...inventory, devices, groups }), testPlugins)).toEqual(expected);
      },
    ),
    { numRuns: 50 },
  );
});

test('gives devices or findings for any text, never an exception', () => {
  const text = fc.oneof(
    fc.string({ maxLength: 40 }),
    fc.constantFrom(
      '__proto__',
      'constructor',
      '/sys/..',
      '/sys/devices/0000:01:00.0/..',
      '0000:00:1c.4',
      ':',
      '/dev/',
    ),
  );
  const entry = fc.oneof(
    text,
    fc
      .constantFrom('pci', 'sysfs', 'id', 'class', 'netdev', 'block', 'serial', 'topology')
      .chain((kind) => text.map((value): DeviceManifest => ({ [kind]: value }))),
    fc.record({ vf: fc.record({ pf: text, index: fc.nat(9) }) }),
  );
  const inventory = machine().build();
  fc.assert(
    fc.property(entry, (value) => {
      const { vms, found } = one(value, inventory);
      expect((vms[0]?.devices.length ?? 0) > 0 || found.length > 0).toBe(true);
    }),
  );
});
