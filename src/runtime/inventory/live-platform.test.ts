import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type HostInventory, indexHost } from '../../model/index.ts';
import { writeMadeUpDevice } from '../../testing/host-tree-platform.ts';
import { hostTreeOf } from '../../testing/host-tree-root.ts';
import { disk, host, netdev } from '../../testing/index.ts';
import { Tree } from '../../testing/tree.ts';
import { WatchedFiles } from '../../testing/watched-files.ts';
import { canonicalInventory } from './canonical.ts';
import { digestOf } from './digest.ts';
import { HostPath } from './host-paths.ts';
import { readLiveInventory, takeInventory } from './live.ts';
import { parseSnapshot } from './snapshot.ts';
import { snapshotText } from './snapshot-text.ts';

// Names in the order of sysfs: a tree read from there has them so.
const TREE = {
  '#address-cells': 1,
  '#size-cells': 1,
  compatible: 'acme,board',
  aliases: { serial0: '/soc/serial@9000' },
  chosen: { bootargs: 'root=/dev/sda1 secret=7', 'rng-seed': [1, 2, 3, 4] },
  soc: {
    '#address-cells': 1,
    '#size-cells': 1,
    compatible: 'simple-bus',
    ranges: true,
    'ethernet@4000': {
      compatible: 'calxeda,hb-xgmac',
      'local-mac-address': new Uint8Array([2, 0, 0, 1, 2, 3]),
      reg: [0x4000, 0x1000],
    },
    'serial@9000': { compatible: ['arm,pl011', 'arm,primecell'], reg: [0x9000, 0x1000] },
    'usb@6000': { compatible: 'generic-xhci', reg: [0x6000, 0x1000] },
  },
} as const;

const board = () =>
  host()
    .kernel({ architecture: 'armv7l', release: '5.19.7-board' })
    .tree(TREE)
    .module('vfio', 'loaded', { enable_unsafe_noiommu_mode: 'Y' })
    .module('vfio_platform_calxedaxgmac', 'available')
    .platform('soc', { treePath: '/soc' })
    .platform('4000.ethernet', {
      treePath: '/soc/ethernet@4000',
      driver: 'xgmac',
      driverOverride: 'xgmac',
      numaNode: 1,
      netdevs: [netdev('port7', { up: true, mac: '02:00:00:01:02:03' })],
    })
    .amba('9000.serial', { treePath: '/soc/serial@9000', driver: 'uart-pl011' })
    .platform('6000.usb', {
      treePath: '/soc/usb@6000',
      driver: 'xhci-hcd',
      blocks: [disk('stick', { mounts: ['/'] })],
    });

const BOARD = board().build();

/** Everything but the owner of nodes, which are the test's own here. */
const comparable = (inventory: HostInventory) => {
  const groups = inventory.groups.map((group) => ({ ...group, node: null }));
  return canonicalInventory({ ...inventory, groups }, { identifiers: true, volatile: true });
};

test('reads platform and AMBA devices and the device tree of a board back from its pseudo files', () => {
  const root = hostTreeOf(BOARD);
  expect(comparable(readLiveInventory({ root, identifiers: true }))).toEqual(comparable(BOARD));
});

test('reads a board behind an SMMU', () => {
  const inventory = host()
    .smmuV3()
    .tree(TREE)
    .platform('4000.ethernet', { treePath: '/soc/ethernet@4000' })
    .nic('0000:00:05.0')
    .build();
  expect(comparable(readLiveInventory({ root: hostTreeOf(inventory) }))).toMatchObject({
    devices: [{ bus: 'pci' }, { bus: 'platform', group: 11 }],
    groups: [{ id: 11 }, { id: 12 }],
  });
});

test('leaves what identifies the machine or is a secret in the tree alone unless it is asked for', () => {
  const root = hostTreeOf(BOARD);
  const files = new WatchedFiles(root);
  const nodes = indexHost(takeInventory(files, false)).tree?.byPath;
  expect([...(nodes?.get('/chosen')?.properties.keys() ?? ['none'])]).toEqual([]);
  expect([...(nodes?.get('/soc/ethernet@4000')?.properties.keys() ?? [])]).toEqual(['compatible', 'reg']);
  // The name of a port, not a number of the machine.
  expect(nodes?.get('/aliases')?.properties.has('serial0')).toBe(true);
  expect([...files.seen].filter((path) => /bootargs|seed|mac-address/.test(path))).toEqual([]);
});

test('gives a live board and its capture the same digest, with identifiers or without', async () => {
  const root = hostTreeOf(BOARD);
  const live = digestOf(readLiveInventory({ root }));
  for (const identifiers of [true, false]) {
    const text = snapshotText(readLiveInventory({ root, identifiers }), { identifiers });
    const { value, diagnostics } = await parseSnapshot('host.json', text);
    expect(diagnostics).toEqual([]);
    expect(value && digestOf(value)).toBe(live);
    expect(text.includes('rng-seed')).toBe(identifiers);
  }
});

test('reads nothing outside the declared paths', () => {
  const files = new WatchedFiles(hostTreeOf(BOARD));
  takeInventory(files, true);
  const declared = Object.values(HostPath).filter((path) => path !== HostPath.processes && path !== HostPath.buses);
  const strangers = [...files.seen].filter(
    (path) => !declared.some((known) => path === known || path.startsWith(`${known}/`)),
  );
  expect(strangers).toEqual([HostPath.buses]);
});

test('leaves out the platform devices of a machine without a tree, and reads two facts of each to do so', () => {
  const root = hostTreeOf(host().intelIommu().nic('0000:03:00.0').build());
  const tree = new Tree(root);
  writeMadeUpDevice(tree, 'PNP0C0C:00', 'acpi-button');
  const files = new WatchedFiles(root);
  expect(takeInventory(files, false).devices.map(({ address }) => address)).toEqual(['0000:03:00.0']);
  expect([...files.seen].filter((path) => path.includes('PNP0C0C'))).toEqual([
    '/sys/bus/platform/devices/PNP0C0C:00/iommu_group',
  ]);
  expect([...files.seen].filter((path) => path.startsWith(HostPath.deviceTree))).toEqual([HostPath.deviceTree]);
});

test('keeps a device without a node that VFIO has, or that has a group', () => {
  const inventory = host()
    .smmuV3()
    .platform('ARMH0011:00', { driver: 'vfio-platform', group: null })
    .platform('PNP0D10:00', { driver: 'xhci-hcd' })
    .build();
  const found = readLiveInventory({ root: hostTreeOf(inventory) }).devices;
  expect(found.map(({ address, group }) => [address, group])).toEqual([
    ['ARMH0011:00', null],
    ['PNP0D10:00', 11],
  ]);
});

test('gives a node to the device that Linux made of it, not to what its driver made below', () => {
  const inventory = board()
    .platform('xhci-hcd.0.auto', {
      treePath: '/soc/usb@6000',
      sysfsPath: '/sys/devices/platform/soc/6000.usb/xhci-hcd.0.auto',
    })
    .build();
  const index = indexHost(readLiveInventory({ root: hostTreeOf(inventory) }));
  expect(index.byAddress.has('xhci-hcd.0.auto')).toBe(false);
  expect(index.byTreePath.get('/soc/usb@6000')).toMatchObject({ address: '6000.usb', blocks: [{ name: 'stick' }] });
});

test('R-GROUP-3: a group that no-IOMMU mode made up is none', () => {
  const inventory = board()
    .changePlatform('4000.ethernet', { driver: 'vfio-platform', group: 0 })
    .group(0, { type: 'unknown' });
  const root = hostTreeOf(inventory.build());
  writeFileSync(`${root}/sys/kernel/iommu_groups/0/name`, 'vfio-noiommu\n');
  const found = readLiveInventory({ root });
  expect(found.groups).toEqual([]);
  expect(indexHost(found).byAddress.get('4000.ethernet')).toMatchObject({ driver: 'vfio-platform', group: null });
  writeFileSync(`${root}/sys/kernel/iommu_groups/0/name`, 'other\n');
  expect(readLiveInventory({ root }).groups).toMatchObject([{ id: 0, type: 'unknown' }]);
});

test('knows the modules of a kernel that has all of them built in and no /lib/modules', () => {
  const inventory = board().build();
  const root = hostTreeOf({ ...inventory, modules: {} });
  rmSync(`${root}/lib`, { recursive: true });
  for (const path of [
    'module/vfio_platform/parameters',
    'module/vfio_platform_calxedaxgmac',
    'bus/fsl-mc/drivers/vfio-fsl-mc',
  ]) {
    mkdirSync(`${root}/sys/${path}`, { recursive: true });
  }
  writeFileSync(`${root}/sys/module/vfio_platform/parameters/reset_required`, 'N\n');
  expect(readLiveInventory({ root }).modules).toEqual({
    vfio_fsl_mc: { state: 'builtin', parameters: {} },
    vfio_platform: { state: 'builtin', parameters: { reset_required: 'N' } },
    vfio_platform_calxedaxgmac: { state: 'builtin', parameters: {} },
  });
});

test('takes the empty tree that Linux makes where firmware has none for no tree', () => {
  const root = hostTreeOf(host().intelIommu().nic('0000:03:00.0').build());
  mkdirSync(`${root}${HostPath.deviceTree}`, { recursive: true });
  writeFileSync(`${root}${HostPath.deviceTree}/#address-cells`, Buffer.from([0, 0, 0, 2]));
  expect(readLiveInventory({ root }).deviceTree).toBeUndefined();
});

test('reads values longer than a page, gives a renamed property its name back, and stops at the depth of Linux', () => {
  const root = hostTreeOf(BOARD);
  const base = `${root}${HostPath.deviceTree}`;
  writeFileSync(`${base}/soc/blob`, Buffer.alloc(70_000, 0xab));
  writeFileSync(`${base}/soc/huge`, Buffer.alloc((2 << 20) + 1));
  writeFileSync(`${base}/soc/usb@6000#1`, 'taken\0');
  mkdirSync(base + '/deep'.repeat(80), { recursive: true });
  const tree = indexHost(readLiveInventory({ root })).tree;
  const soc = tree?.byPath.get('/soc')?.properties;
  expect(soc?.get('blob')).toEqual(new Uint8Array(70_000).fill(0xab));
  expect(soc?.has('huge')).toBe(false);
  expect(soc?.has('usb@6000')).toBe(true);
  expect(tree?.byPath.has('/deep'.repeat(64))).toBe(true);
  expect(tree?.byPath.has('/deep'.repeat(65))).toBe(false);
});
