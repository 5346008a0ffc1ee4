import { chmodSync, mkdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { bytes, indexHost, physical } from '../../model/index.ts';
import type { HostInventory } from '../../model/index.ts';
import { bar, bdf, disk, host, netdev, region } from '../../testing/index.ts';
import { hostTreeOf } from '../../testing/host-tree-root.ts';
import { WatchedFiles } from '../../testing/watched-files.ts';
import { canonicalInventory } from './canonical.ts';
import { digestOf } from './digest.ts';
import { HostPath } from './host-paths.ts';
import { readLiveInventory, takeInventory } from './live.ts';
import { parseSnapshot } from './snapshot.ts';
import { snapshotText } from './snapshot-text.ts';

/** Everything but the owner of nodes, which are the test's own here. */
const comparable = (inventory: HostInventory) => {
  const groups = inventory.groups.map((group) => ({ ...group, node: null }));
  return canonicalInventory({ ...inventory, groups }, { identifiers: true, volatile: true });
};

const RICH = host()
  .intelIommu({ addressBits: 46 })
  .kernel({ release: '6.7.9-odd', pageSize: 16384 })
  .memlock(bytes(65_536n), false, { memlockHard: bytes(1_048_576n) })
  .hugePages(0x20_0000n, 40, 31)
  .hugePages(0x4000_0000n, 3, 1, 0x1234_5400n)
  .module('vfio_platform', 'available')
  .module('pci_stub', 'builtin', { ids: '' })
  .bridge('0000:00:1c.4', { bus: '03', slot: '7' })
  .nic('0000:03:00.0', {
    netdevs: [
      netdev('cable0', { up: true, hasAddress: true, defaultRoute: true, master: 'trunk', mac: '52:54:00:12:34:56' }),
      netdev('cable1'),
    ],
    driverOverride: 'vfio-pci',
    numaNode: 1,
    serial: '00-1b-21-ff-ff-a1-b2-c3',
    resources: [bar(0, 0xfe70_0000n, 0x2_0000n), { index: 2, start: physical(0xd0c0n), size: bytes(0x20), kind: 'io' }],
  })
  .nvme('10000:e1:00.0', {
    blocks: [
      disk('disk7', { mounts: ['/srv/my data', '/var\\log'], swap: true, holders: ['dm-4', 'md9'], serial: 'S1' }),
    ],
  })
  .gpu('0000:65:00.0', { bootDisplay: true })
  .pf('0000:81:00.0')
  .vf('0000:81:10.0', '0000:81:00.0', 0)
  .vf('0000:81:10.2', '0000:81:00.0', 1)
  .change('0000:81:10.2', { group: null })
  .change('0000:81:00.0', { sriov: { total: 7, enabled: 2, offset: 0x80, stride: 2, autoprobe: false } })
  .group(11, {
    type: 'identity',
    reservedRegions: [region(0xfee0_0000n, 0xfeef_ffffn, 'msi'), region(0n, 0xff_ffffn, 'direct-relaxable')],
    node: { uid: 0, gid: 0, mode: 0o600 },
    openedBy: [{ pid: 4711, command: 'qemu-system-x86' }],
  })
  .build();

test('reads every fact of a host back from its pseudo files', () => {
  expect(comparable(readLiveInventory({ root: hostTreeOf(RICH), identifiers: true }))).toEqual(comparable(RICH));
});

test('gives a live host and its capture the same digest, with identifiers or without', async () => {
  const root = hostTreeOf(RICH);
  const live = digestOf(readLiveInventory({ root }));
  for (const identifiers of [true, false]) {
    const text = snapshotText(readLiveInventory({ root, identifiers }), { identifiers });
    const { value, diagnostics } = await parseSnapshot('host.json', text);
    expect(diagnostics).toEqual([]);
    expect(value && digestOf(value)).toBe(live);
  }
});

test('reads an arm64 host and an AMD host', () => {
  for (const inventory of [
    host().smmuV3().nic('0000:00:05.0').build(),
    host()
      .amdIommu({ interruptRemapping: false })
      .nic('0000:00:05.0')
      .vfio({ container: false, iommufd: true })
      .build(),
  ]) {
    expect(comparable(readLiveInventory({ root: hostTreeOf(inventory) }))).toEqual(comparable(inventory));
  }
});

test('leaves serial numbers and MAC addresses alone unless they are asked for', () => {
  const text = JSON.stringify(comparable(readLiveInventory({ root: hostTreeOf(RICH) })));
  expect(text).not.toMatch(/52:54:00:12:34:56|00-1b-21|"serial"|"mac"/);
});

test('reads the owner and the permission bits of a group node', () => {
  const root = hostTreeOf(RICH);
  chmodSync(`${root}/dev/vfio/11`, 0o640);
  const index = indexHost(readLiveInventory({ root }));
  expect(index.groups.get(11)?.node).toEqual({ uid: process.getuid?.(), gid: process.getgid?.(), mode: 0o640 });
  expect(index.groups.get(12)?.node).toBeNull();
});

test('reads nothing outside the declared paths, and no configuration space without identifiers', () => {
  const declared = Object.values(HostPath).filter((path) => path !== HostPath.processes && path !== HostPath.buses);
  const files = new WatchedFiles(hostTreeOf(RICH));
  takeInventory(files, false);
  expect(files.seen.size).toBeGreaterThan(100);
  const strangers = [...files.seen].filter(
    (path) => !declared.some((known) => path === known || path.startsWith(`${known}/`)),
  );
  // Looking for who holds the group node that this host has.
  expect(
    strangers.filter((path) => path !== HostPath.buses && !/^\/proc(\/\d+\/(fd(\/\d+)?|comm))?$/.test(path)),
  ).toEqual([]);
  expect([...files.seen].filter((path) => path.endsWith('/config'))).toEqual([]);
});

test('does not look into processes while no group node exists', () => {
  const files = new WatchedFiles(hostTreeOf(host().intelIommu().nic('0000:07:00.0').build()));
  takeInventory(files, false);
  expect([...files.seen].filter((path) => /^\/proc\/\d/.test(path))).toEqual([]);
});

test('knows no fact that it may not read, and does not fail for it', () => {
  const root = hostTreeOf(RICH);
  const device = `${root}/sys/bus/pci/devices/0000:03:00.0`;
  for (const name of ['driver_override', 'numa_node', 'resource', 'reset_method', 'revision']) {
    // A folder in the place of a file cannot be read by anybody, root included.
    unlinkSync(`${device}/${name}`);
    mkdirSync(`${device}/${name}`);
  }
  for (const path of ['proc/self/auxv', 'proc/self/limits', 'proc/interrupts', 'proc/self/mountinfo', 'proc/swaps']) {
    unlinkSync(`${root}/${path}`);
  }
  rmSync(`${root}/sys/kernel/iommu_groups/11`, { recursive: true });
  const inventory = readLiveInventory({ root });
  expect(indexHost(inventory).byAddress.get(bdf('0000:03:00.0'))).toMatchObject({
    driverOverride: null,
    numaNode: null,
    resources: [],
    resetMethods: [],
    revision: '00',
  });
  expect(inventory).toMatchObject({ kernel: { pageSize: 4096 }, iommu: { interruptRemapping: null } });
});

test('leaves out a device that goes while it is read', () => {
  const root = hostTreeOf(RICH);
  unlinkSync(`${root}/sys/bus/pci/devices/0000:65:00.0/uevent`);
  expect(indexHost(readLiveInventory({ root })).byAddress.has(bdf('0000:65:00.0'))).toBe(false);
});

test('knows of a kernel older than reset_method only that a reset exists', () => {
  const root = hostTreeOf(RICH);
  const device = `${root}/sys/bus/pci/devices/0000:03:00.0`;
  unlinkSync(`${device}/reset_method`);
  writeFileSync(`${device}/reset`, '');
  expect(indexHost(readLiveInventory({ root })).pciByAddress.get(bdf('0000:03:00.0'))?.resetMethods).toEqual([
    'unknown',
  ]);
});

test('finds a bridge by its class where the kernel has no secondary_bus_number', () => {
  const root = hostTreeOf(RICH);
  unlinkSync(`${root}/sys/bus/pci/devices/0000:00:1c.4/secondary_bus_number`);
  expect(indexHost(readLiveInventory({ root })).pciByAddress.get(bdf('0000:00:1c.4'))?.header).toBe('bridge');
});

test('attaches the disk above an NVMe multipath to the functions that lead to it', () => {
  const root = hostTreeOf(
    host()
      .nvme('0000:04:00.0', { blocks: [disk('nvme5c5n1')] })
      .build(),
  );
  mkdirSync(`${root}/sys/class/block/nvme5n1/holders`, { recursive: true });
  writeFileSync(`${root}/sys/class/block/nvme5n1/dev`, '259:77\n');
  writeFileSync(`${root}/proc/self/mountinfo`, '30 1 259:77 / /home rw - ext4 /dev/root rw\n');
  const blocks = indexHost(readLiveInventory({ root })).byAddress.get(bdf('0000:04:00.0'))?.blocks;
  expect(blocks).toEqual([{ name: 'nvme5n1', mounts: ['/home'], swap: false, holders: [] }]);
});

test('reads this machine, with or without a sysfs', () => {
  const inventory = readLiveInventory();
  expect(inventory.kernel.pageSize).toBeGreaterThanOrEqual(4096);
  expect(readLiveInventory({ root: '/nonexistent' }).devices).toEqual([]);
});
