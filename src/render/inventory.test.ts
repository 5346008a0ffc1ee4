import { expect, test } from 'vitest';
import { indexHost } from '../model/index.ts';
import type { HostInventory } from '../model/index.ts';
import { bdf, disk, host, netdev, region } from '../testing/index.ts';
import { renderDevice } from './inventory-device.ts';
import { problemsOf } from './inventory-problems.ts';
import { renderDevices, renderGroups } from './inventory.ts';

const HOST = indexHost(
  host()
    .intelIommu({ addressBits: 46 })
    .kernel({ release: '6.7.9-odd' })
    .memlock(0x80_0000n)
    .hugePages(0x20_0000n, 40, 31)
    .bridge('0000:00:1c.4', { bus: '03', slot: '7', group: 20 })
    .nic('0000:03:00.0', {
      group: 20,
      netdevs: [netdev('cable0', { up: true, hasAddress: true, defaultRoute: true, master: 'trunk' })],
      resources: [],
    })
    .nic('0000:03:00.1', { group: 20, driver: 'vfio-pci', driverOverride: 'vfio-pci', netdevs: [] })
    .nvme('0000:04:00.0', { group: 31, blocks: [disk('disk7', { mounts: ['/srv'], swap: true, holders: ['dm-4'] })] })
    .gpu('0000:65:00.0', { group: 32, bootDisplay: true, resetMethods: [] })
    .pf('0000:81:00.0', { group: 33, netdevs: [] })
    .vf('0000:81:10.0', '0000:81:00.0', 0, { group: 34, netdevs: [] })
    .nic('0000:99:00.0', { group: null, netdevs: [] })
    .group(31, { reservedRegions: [region(0n, 0xff_ffffn, 'direct'), region(0xfee0_0000n, 0xfeef_ffffn, 'msi')] })
    .group(34, { node: { uid: 1000, gid: 0, mode: 0o600 }, openedBy: [{ pid: 4711, command: 'dpdk-testpmd' }] })
    .build(),
);

test('shows devices by group with what stands in the way of each', () => {
  expect(renderGroups(HOST)).toMatchInlineSnapshot(`
    "Linux 6.7.9-odd x86_64, pages of 4 KiB
    IOMMU: dmar0 (intel, 46 bits); interrupt remapping on
    VFIO: vfio_pci loaded; /dev/vfio/vfio
    memory to lock: 8 MiB; huge pages: 2 MiB: 31 of 40 free

      ADDRESS       CLASS                ID         DRIVER                        RESET    KNOWN AS
    group 20: DMA-FQ; reserved 0xfee00000-0xfeefffff msi
      ! not viable while the host holds 0000:03:00.0 (e1000e)
      0000:00:1c.4  PCI bridge           8086:3420  pcieport                      -        slot=7
      0000:03:00.0  Ethernet controller  8086:10d3  e1000e                        flr bus  cable0
        ! in use: cable0 up with an address, the default route, part of trunk
      0000:03:00.1  Ethernet controller  8086:10d3  vfio-pci (override vfio-pci)  flr bus  -
    group 31: DMA-FQ; reserved 0x0-0xffffff direct, 0xfee00000-0xfeefffff msi
      ! the firmware wants 0x0-0xffffff mapped one to one; the kernel refuses to assign such devices
      0000:04:00.0  NVMe controller      144d:a808  nvme                          flr bus  disk7
        ! in use: disk7 mounted on /srv, swap, held by dm-4
    group 32: DMA-FQ; reserved 0xfee00000-0xfeefffff msi
      0000:65:00.0  VGA controller       10de:1c82  nouveau                       -        -
        ! the kernel cannot reset it
        ! in use: the boot display
    group 33: DMA-FQ; reserved 0xfee00000-0xfeefffff msi
      0000:81:00.0  Ethernet controller  8086:10c9  igb                           flr bus  vfs=1/7
        ! has 1 virtual function: VFIO takes a PF only without any
    group 34: DMA-FQ; reserved 0xfee00000-0xfeefffff msi; /dev/vfio/34 uid 1000 gid 0 mode 0600
      ! held open by dpdk-testpmd (4711)
      0000:81:10.0  Ethernet controller  8086:10ca  igbvf                         flr      vf=0@0000:81:00.0
    no group
      0000:99:00.0  Ethernet controller  8086:10d3  e1000e                        flr bus  -
        ! no IOMMU covers it
    "
  `);
});

test('shows devices in one table with their groups', () => {
  expect(renderDevices(HOST)).toMatchInlineSnapshot(`
    "ADDRESS       GROUP  CLASS                ID         DRIVER                        RESET    KNOWN AS
    0000:00:1c.4  20     PCI bridge           8086:3420  pcieport                      -        slot=7
    0000:03:00.0  20     Ethernet controller  8086:10d3  e1000e                        flr bus  cable0
      ! in use: cable0 up with an address, the default route, part of trunk
    0000:03:00.1  20     Ethernet controller  8086:10d3  vfio-pci (override vfio-pci)  flr bus  -
    0000:04:00.0  31     NVMe controller      144d:a808  nvme                          flr bus  disk7
      ! in use: disk7 mounted on /srv, swap, held by dm-4
    0000:65:00.0  32     VGA controller       10de:1c82  nouveau                       -        -
      ! the kernel cannot reset it
      ! in use: the boot display
    0000:81:00.0  33     Ethernet controller  8086:10c9  igb                           flr bus  vfs=1/7
      ! has 1 virtual function: VFIO takes a PF only without any
    0000:81:10.0  34     Ethernet controller  8086:10ca  igbvf                         flr      vf=0@0000:81:00.0
    0000:99:00.0  -      Ethernet controller  8086:10d3  e1000e                        flr bus  -
      ! no IOMMU covers it
    "
  `);
});

test('shows one device with the others of its group', () => {
  const device = HOST.pciByAddress.get(bdf('0000:03:00.0'));
  expect(device && renderDevice(HOST, device)).toMatchInlineSnapshot(`
    "0000:03:00.0
      path       /sys/devices/pci0000:00/0000:00:1c.4/0000:03:00.0
      class      Ethernet controller (020000), endpoint header
      id         8086:10d3 revision 01
      subsystem  8086:a01f
      driver     e1000e
      override   -
      group      20 (DMA-FQ)
      with       0000:00:1c.4 8086:3420 PCI bridge, driver pcieport, slot 7
      with       0000:03:00.1 8086:10d3 Ethernet controller, driver vfio-pci
      reserved   0xfee00000-0xfeefffff msi
      NUMA node  -
      reset      flr bus
      slot       -
      interface  cable0, up
      ! not viable while the host holds 0000:03:00.0 (e1000e)
      ! in use: cable0 up with an address, the default route, part of trunk
    "
  `);
});

test('sets off headings and problems only through the paint it is given', () => {
  const text = renderGroups(HOST, { heading: (part) => `<${part}>`, problem: (part) => `{${part}}` });
  expect(text).toContain('<no group>');
  expect(text).toContain('{! the kernel cannot reset it}');
});

const kinds = (inventory: HostInventory) =>
  problemsOf(indexHost(inventory)).map(({ kind, device, group }) => [kind, device ?? group]);

test('R-GROUP-3: says once, for the host, that no device has a group', () => {
  expect(kinds(host().nic('0000:03:00.0').nic('0000:04:00.0').build())).toEqual([['no-iommu', null]]);
  expect(kinds(host().intelIommu().nic('0000:03:00.0').nic('0000:04:00.0', { group: null }).build())).toEqual([
    ['no-group', '0000:04:00.0'],
  ]);
});

test('R-GROUP-3: does not speak of firmware and command lines to whoever looks at a blob', () => {
  const [none] = problemsOf(indexHost(host().origin('device-tree').platform('1.a', { group: null }).build()));
  expect(none?.text).toContain('the tree has no IOMMU');
  const idle = host().smmuV3().origin('device-tree').platform('1.a', { group: null });
  expect(problemsOf(indexHost(idle.build()))[0]?.text).toContain('"iommus"');
});

test('R-GROUP-1: calls a group shared by cards a problem, but not its bridge or the functions of one card', () => {
  const shared = host().intelIommu().nic('0000:03:00.0', { group: 7 }).nic('0000:03:01.0', { group: 7 });
  expect(kinds(shared.build())).toEqual([['shared-group', 7]]);
  const one = host().intelIommu().bridge('0000:00:1c.0', { bus: '03', group: 7 }).nic('0000:03:00.0', { group: 7 });
  expect(kinds(one.nic('0000:03:00.1', { group: 7 }).build())).toEqual([]);
});

test('R-GROUP-1: does not call platform devices that share a stream cards', () => {
  const shared = host().smmuV3().platform('1000.a', { group: 7 }).platform('2000.b', { group: 7 });
  const texts = problemsOf(indexHost(shared.build())).map(({ text }) => text);
  expect(texts).toEqual(['its 2 devices cannot be isolated from each other']);
});

test('R-GROUP-3: asks the boot loader for a LIODN where a node is behind a PAMU', () => {
  const tree = {
    'pamu@1': { phandle: 1 },
    'a@2': { compatible: 'x', 'fsl,iommu-parent': 1 },
  };
  const built = host()
    .smmuV3()
    .tree(tree)
    .platform('1000.b', { group: 7 })
    .platform('2.a', { treePath: '/a@2', group: null });
  const texts = problemsOf(indexHost(built.build())).map(({ text }) => text);
  expect(texts).toEqual([
    'no IOMMU covers it: /pamu@1 needs a "fsl,liodn" in its own node, which a boot loader writes',
  ]);
});

test('names the sibling on a host driver only where another member could be assigned without it', () => {
  const held = host()
    .intelIommu()
    .gpu('0000:65:00.0', { group: 7, driver: 'vfio-pci', resetMethods: ['pm'] })
    .audio('0000:65:00.1', { group: 7, resetMethods: ['pm'] });
  expect(kinds(held.build())).toEqual([['host-held', 7]]);
  expect(kinds(held.change('0000:65:00.1', { driver: null }).build())).toEqual([]);
});

test('R-RESET-5: finds a function that only a bus reset could reset, where others are on its bus', () => {
  const card = host()
    .intelIommu()
    .gpu('0000:65:00.0', { group: 7, driver: 'vfio-pci', resetMethods: ['bus'] });
  expect(kinds(card.build())).toEqual([]);
  expect(kinds(card.audio('0000:65:00.1', { group: 7, driver: null, resetMethods: ['pm'] }).build())).toEqual([
    ['no-reset', '0000:65:00.0'],
  ]);
});

test('finds nothing wrong with direct-relaxable and msi regions, and something with direct ones', () => {
  const build = (type: string) =>
    host()
      .intelIommu()
      .group(7, { reservedRegions: [region(0n, 0xfffn, type)] })
      .nic('0000:03:00.0', { group: 7 })
      .build();
  expect(kinds(build('direct'))).toEqual([['direct-region', 7]]);
  for (const type of ['direct-relaxable', 'msi', 'reserved']) expect(kinds(build(type))).toEqual([]);
});

test('R-BIND-5: names each use of a device, and none of one that VFIO holds', () => {
  const nic = (driver: string) =>
    host()
      .intelIommu()
      .nic('0000:03:00.0', { driver, netdevs: [netdev('cable0', { defaultRoute: true })] })
      .build();
  expect(kinds(nic('e1000e'))).toEqual([['in-use', '0000:03:00.0']]);
  expect(kinds(nic('vfio-pci'))).toEqual([]);
  expect(kinds(host().intelIommu().nic('0000:03:00.0').build())).toEqual([]);
});

test('says that interrupts are not isolated only where the host shows it', () => {
  const build = (interruptRemapping: boolean | null) =>
    host().intelIommu({ interruptRemapping }).nic('0000:03:00.0').build();
  expect(kinds(build(false))).toEqual([['interrupts-not-isolated', null]]);
  expect(kinds(build(true))).toEqual([]);
  expect(kinds(build(null))).toEqual([]);
});

test('shows a host without any PCI device', () => {
  expect(renderGroups(indexHost(host().build()))).toContain('no IOMMU is active');
});

test('lets no control character of the host reach the terminal', () => {
  const evil = 'x\u001b[2Jy\nz';
  const inventory = host()
    .intelIommu()
    .kernel({ release: evil })
    .group(7, { type: evil, openedBy: [{ pid: 5, command: evil }] })
    .nic('0000:03:00.0', { group: 7, driver: evil, slot: evil, netdevs: [netdev(evil, { master: evil })] })
    .build();
  const index = indexHost(inventory);
  const device = index.pciByAddress.get(bdf('0000:03:00.0'));
  const texts = [renderGroups(index), renderDevices(index), device ? renderDevice(index, device) : ''];
  for (const text of texts) {
    expect(text).toContain('x?[2Jy?z');
    expect(text).not.toContain('\u001b');
    expect(text).not.toMatch(/^z/m);
  }
});

const PLATFORM = host()
  .smmuV3()
  .tree({
    'smmu@1': { phandle: 1, '#iommu-cells': 1 },
    'a@2': { compatible: 'x', iommus: [1, 2] },
    'b@3': { compatible: 'x' },
  })
  .nic('0000:03:00.0', { group: 7, driver: 'vfio-pci', netdevs: [] })
  .platform('2.a', { treePath: '/a@2', group: 9, driver: 'x-driver', netdevs: [netdev('cable9')] })
  .platform('3.b', { treePath: '/b@3', group: null })
  .amba('4.c', { group: null });

test('shows devices with a section for each bus, and a missing group of a platform device in its column alone', () => {
  expect(renderDevices(indexHost(PLATFORM.build()))).toMatchInlineSnapshot(`
    "pci: 1
    ADDRESS       GROUP  CLASS                ID         DRIVER    RESET    KNOWN AS
    0000:03:00.0  7      Ethernet controller  8086:10d3  vfio-pci  flr bus  -

    platform: 2
    ADDRESS  GROUP  DRIVER    TREE PATH  KNOWN AS
    2.a      9      x-driver  /a@2       cable9
    3.b      -      -         /b@3       -

    amba: 1
    ADDRESS  GROUP  DRIVER  TREE PATH  KNOWN AS
    4.c      -      -       -          -
    "
  `);
});

test('shows platform devices among the groups by their place in the tree', () => {
  const text = renderGroups(indexHost(PLATFORM.build()));
  expect(text).toMatch(/^ {2}2\.a +platform device +- +x-driver +- +cable9 \/a@2$/m);
  expect(text.match(/no IOMMU covers it/g)).toBeNull();
});

test('R-GROUP-3: says why a platform device has no group', () => {
  const uncovered = PLATFORM.changePlatform('2.a', { group: null }).build();
  const texts = problemsOf(indexHost(uncovered)).filter(({ kind }) => kind === 'no-group');
  expect(texts.map(({ device, text }) => [device, /"iommus"|\/smmu@1/.exec(text)?.[0]])).toEqual([
    ['2.a', '/smmu@1'],
    ['3.b', '"iommus"'],
    ['4.c', undefined],
  ]);
});
