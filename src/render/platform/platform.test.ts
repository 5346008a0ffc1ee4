import { expect, test } from 'vitest';
import { indexHost, type PlatformDevice } from '../../model/index.ts';
import { host } from '../../testing/index.ts';
import { treeDocument } from './document.ts';
import { platformReport } from './report.ts';
import { renderPlatform } from './text.ts';

const HOST = indexHost(
  host()
    .smmuV3()
    .tree({
      '#address-cells': 1,
      '#size-cells': 1,
      'interrupt-parent': 1,
      'gic@f000': { compatible: 'arm,gic-v3', phandle: 1, 'interrupt-controller': true, '#interrupt-cells': 3 },
      'smmu@9000': { compatible: 'arm,smmu-v3', phandle: 3, '#iommu-cells': 1, 'dma-coherent': true },
      'clock@2000': { phandle: 2, '#clock-cells': 1 },
      'engine@30000': {
        compatible: ['maker,engine-2', 'maker,engine'],
        '#address-cells': 1,
        '#size-cells': 1,
        reg: [0x30000, 0x8000],
        'reg-names': 'main',
        ranges: [0, 0x30000, 0x8000],
        interrupts: [0, 7, 4],
        iommus: [3, 0x42],
        clocks: [2, 5],
        'clock-names': 'bus',
        'ring@1000': { compatible: 'maker,ring', reg: [0x1000, 0x1000], iommus: [3, 0x43] },
        'part@2000': { reg: [0x2000, 0x100], interrupts: [0, 9, 1] },
      },
      'other@50000': { compatible: 'maker,other', reg: [0x50000, 0x1000], clocks: [2, 5] },
      'off@60000': { compatible: 'maker,off', reg: [0x60000, 0x1000], status: 'disabled' },
    })
    .platform('30000.engine', { treePath: '/engine@30000', driver: 'maker-engine', group: 4 })
    .platform('31000.ring', { treePath: '/engine@30000/ring@1000', group: 5, driver: 'maker-ring' })
    .build(),
);

const device = (address: string): PlatformDevice => {
  const found = HOST.byAddress.get(address);
  if (!found || found.bus === 'pci') throw new Error(`no ${address}`);
  return found;
};

test('R-TREE-2: shows a device with what the tree says of it', () => {
  expect(renderPlatform(HOST, platformReport(HOST, device('30000.engine')), null)).toMatchInlineSnapshot(`
    "30000.engine
      path          /sys/devices/platform/30000.engine
      bus           platform
      driver        maker-engine
      override      -
      group         4 (DMA-FQ)
      tree path     /engine@30000
      compatible    maker,engine-2, maker,engine
      status        okay
      stream        0x42 of /smmu@9000
      coherent      yes: /smmu@9000 is "dma-coherent"
      MSI isolated  no: /engine@30000 names no MSI controller
      reset         no handler of the kernel

      child                    is                 name        group  driver
      /engine@30000/ring@1000  device of its own  31000.ring  5      maker-ring
      /engine@30000/part@2000  description only   -           -      -

      vfio_index  kind    tree path                property  dt_index  address  size             flags   name
      0           region  /engine@30000            reg       0         0x30000  0x8000 (32 KiB)  memory  main
      -           region  /engine@30000            ranges    0         0x30000  0x8000 (32 KiB)  memory  -
      -           region  /engine@30000/part@2000  reg       0         0x32000  0x100 (256 B)    memory  -

      vfio_index  kind       tree path                property    dt_index  controller  number  trigger      route   name
      0           interrupt  /engine@30000            interrupts  0         /gic@f000   39      level-high   direct  -
      -           interrupt  /engine@30000/part@2000  interrupts  0         /gic@f000   41      edge-rising  direct  -

      needs  node           property    provider     specifier  name  also used by
      clock  /engine@30000  clocks [0]  /clock@2000  0x5        bus   /other@50000
    "
  `);
});

test('R-TREE-2: says the same as JSON, with vfio_index, dt_index and addresses in hexadecimal', () => {
  const document = treeDocument(platformReport(HOST, device('30000.engine')));
  expect(document).toMatchObject({
    path: '/engine@30000',
    streams: [{ iommu: '/smmu@9000', ids: [0x42] }],
    coherency: { verdict: 'coherent', iommu: '/smmu@9000' },
    children: [
      { path: '/engine@30000/ring@1000', kind: 'device', name: '31000.ring', group: 5, hasStream: true },
      { path: '/engine@30000/part@2000', kind: 'description', name: null },
    ],
    dependencies: [
      { kind: 'clock', dt_index: 0, provider: '/clock@2000', specifier: [5], sharedWith: ['/other@50000'] },
    ],
  });
  expect(document?.['table']).toEqual([
    {
      vfio_index: 0,
      kind: 'region',
      path: '/engine@30000',
      property: 'reg',
      dt_index: 0,
      name: 'main',
      address: '0x30000',
      size: '0x8000',
      flags: ['memory'],
      reason: null,
    },
    expect.objectContaining({ vfio_index: null, property: 'ranges', dt_index: 0 }),
    {
      vfio_index: 0,
      kind: 'interrupt',
      path: '/engine@30000',
      property: 'interrupts',
      dt_index: 0,
      name: null,
      controller: '/gic@f000',
      number: 39,
      trigger: 'level-high',
      route: 'direct',
      nexus: null,
      nexus_index: null,
      reason: null,
    },
    expect.objectContaining({ vfio_index: null, kind: 'region', path: '/engine@30000/part@2000' }),
    expect.objectContaining({ vfio_index: null, kind: 'interrupt', path: '/engine@30000/part@2000', number: 41 }),
  ]);
});

test('R-NAME-2: shows a node without a device, with the reason and without indices of VFIO', () => {
  const node = HOST.tree?.byPath.get('/off@60000');
  if (!node) throw new Error('no node');
  const report = platformReport(HOST, node);
  expect(report.tree?.table.map((row) => row.vfioIndex)).toEqual([null]);
  const text = renderPlatform(HOST, report, 'it is switched off');
  expect(text).toMatch(/^\/off@60000\n/);
  expect(text).toContain('! no Linux device: it is switched off');
  expect(text).toMatch(/status +disabled/);
});

test('predicts coherence from the node alone where it names no IOMMU', () => {
  const node = HOST.tree?.byPath.get('/other@50000');
  expect(node && renderPlatform(HOST, platformReport(HOST, node), null)).toMatch(
    /coherent +its DMA is not \(.*"iommus"/,
  );
});

test('shows a device without a node, such as one of ACPI', () => {
  const bare = indexHost(host().platform('ARMH0011:00').build());
  const found = bare.byAddress.get('ARMH0011:00');
  if (!found || found.bus === 'pci') throw new Error('no device');
  const report = platformReport(bare, found);
  expect(treeDocument(report)).toBeNull();
  expect(renderPlatform(bare, report, null)).toMatch(/tree path +-/);
});

test('R-TREE-2: shows the mask of a stream once, and what is behind a PAMU as coherent', () => {
  const built = host()
    .smmuV3()
    .tree({
      'smmu@9': { compatible: 'arm,mmu-500', phandle: 1, '#iommu-cells': 2 },
      'pamu@8': { compatible: 'fsl,pamu', phandle: 2 },
      'a@1': { compatible: 'x', iommus: [1, 0x40, 0x17] },
      'b@2': { compatible: 'x', 'fsl,iommu-parent': 2, 'fsl,liodn': 5 },
    })
    .platform('1.a', { treePath: '/a@1', group: 1 })
    .platform('2.b', { treePath: '/b@2', group: 2 });
  const index = indexHost(built.build());
  const text = index.inventory.devices
    .map((one) => (one.bus === 'pci' ? '' : renderPlatform(index, platformReport(index, one), null)))
    .join('\n');
  expect(text).toContain('stream        0x40 of /smmu@9, mask 0x17\n');
  expect(text).toContain('coherent      yes: /pamu@8 always is\n');
});
