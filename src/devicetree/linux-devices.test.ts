import { expect, test } from 'vitest';
import { deviceTree, nodeAt, p4080Tree, type NodeLiteral } from '../testing/index.ts';
import { driverMadeDevices, linuxDevices, whyNoDevice } from './linux-devices.ts';
import type { DeviceTree } from '../model/index.ts';

const dev = (at: number, more: NodeLiteral = {}): NodeLiteral => ({ compatible: 'acme,dev', reg: [at, 0x10], ...more });
const bus = (compatible: string, children: NodeLiteral): NodeLiteral => ({ compatible, ranges: true, ...children });

const names = (tree: DeviceTree): string[] => linuxDevices(tree).map(({ name }) => name);
function why(tree: DeviceTree, path: string): string {
  const reason = whyNoDevice(tree, nodeAt(tree, path));
  if (!reason) return 'device';
  switch (reason.kind) {
    case 'disabled':
      return `disabled at ${reason.at.path}`;
    case 'other-bus':
      return `${reason.bus} of ${reason.controller.path}`;
    case 'made-by-parent-driver':
      return `${reason.name} by ${reason.parent.path}${reason.known ? '' : '?'}`;
    case 'outside':
      return `outside below ${reason.below.path}`;
    case 'name-taken':
      return `taken by ${reason.by.path}`;
    default:
      return reason.kind;
  }
}

test('makes devices of the children of the root and of buses, and of nothing below other devices', () => {
  const children = { 'a@10': dev(0x10), 'b@20': dev(0x20, { 'c@30': dev(0x30, { ranges: true }) }) };
  for (const compatible of ['simple-bus', 'simple-mfd', 'isa', 'arm,amba-bus']) {
    expect(names(deviceTree({ timer: { compatible: 'acme,timer' }, soc: bus(compatible, children) }))).toEqual([
      'timer',
      'soc',
      '10.a',
      '20.b',
    ]);
  }
});

test('R-NAME-1: gives each device its path in sysfs below the device of its bus', () => {
  const tree = deviceTree({
    'soc@0': bus('simple-bus', { mfd: bus('simple-mfd', { 'a@10': dev(0x10) }) }),
    'b@20': dev(0x20),
  });
  expect(linuxDevices(tree).map(({ sysfsPath, parentNode }) => [sysfsPath, parentNode?.path ?? null])).toEqual([
    ['/sys/devices/platform/soc@0', null],
    ['/sys/devices/platform/soc@0/soc@0:mfd', '/soc@0'],
    ['/sys/devices/platform/soc@0/soc@0:mfd/10.a', '/soc@0/mfd'],
    ['/sys/devices/platform/20.b', null],
  ]);
});

test('R-NAME-2: says that a node, or a bus above it, is disabled', () => {
  const tree = deviceTree({
    a: { compatible: 'acme,a', status: 'disabled' },
    soc: bus('simple-bus', { status: 'fail', 'b@1': dev(1, { c: { compatible: 'acme,c' } }) }),
  });
  expect(names(tree)).toEqual([]);
  expect([why(tree, '/a'), why(tree, '/soc/b@1'), why(tree, '/soc/b@1/c')]).toEqual([
    'disabled at /a',
    'disabled at /soc',
    'disabled at /soc',
  ]);
});

test('R-NAME-2: says that a node has no compatible, is the root, or is where nobody looks', () => {
  const tree = deviceTree({ memory: {}, cpus: { 'cpu@0': { compatible: 'arm,cortex-a57' } } });
  expect([why(tree, '/memory'), why(tree, '/'), why(tree, '/cpus/cpu@0')]).toEqual([
    'no-compatible',
    'root',
    'outside below /cpus',
  ]);
});

test('R-NAME-2: says that a clock or a root interrupt controller was set up before', () => {
  const gic: NodeLiteral = {
    compatible: 'arm,gic-400',
    'interrupt-controller': true,
    '#interrupt-cells': 3,
    phandle: 1,
  };
  const tree = deviceTree({
    'interrupt-parent': 1,
    gic,
    apb: { compatible: 'fixed-clock' },
    off: { compatible: 'fixed-clock', status: 'disabled' },
    opp: { compatible: 'operating-points-v2' },
  });
  expect(names(tree)).toEqual([]);
  expect(['/gic', '/apb', '/off', '/opp'].map((path) => why(tree, path))).toEqual([
    'set-up-early',
    'set-up-early',
    'disabled at /off',
    'passed-over',
  ]);
});

test('makes a device of a controller behind one that waits for its driver', () => {
  const tree = deviceTree({
    late: { compatible: 'acme,pic', 'interrupt-controller': true, '#interrupt-cells': 1, phandle: 1 },
    root: { compatible: 'arm,pl390', 'interrupt-controller': true, '#interrupt-cells': 3, phandle: 2 },
    behind: { compatible: 'brcm,l2-intc', 'interrupt-controller': true, '#interrupt-cells': 1, 'interrupt-parent': 1 },
    bare: { compatible: 'arm,pl390', '#interrupt-cells': 3 },
  });
  expect(names(tree)).toEqual(['late', 'behind', 'bare']);
});

test('puts PrimeCells on the AMBA bus, and makes none without an address', () => {
  const cell = { compatible: ['arm,pl011', 'arm,primecell'] };
  const tree = deviceTree({ 'uart@1000': { ...cell, reg: [0x1000, 0x1000] }, lost: cell });
  expect(linuxDevices(tree).map(({ name, bus: on }) => [name, on])).toEqual([['1000.uart', 'amba']]);
  expect(why(tree, '/lost')).toBe('no-address');
});

test('looks into /firmware, /reserved-memory and /chosen as Linux does', () => {
  const tree = deviceTree({
    chosen: {
      fb: { compatible: 'simple-framebuffer' },
      fb2: { compatible: 'simple-framebuffer' },
      x: { compatible: 'x' },
    },
    firmware: { compatible: 'acme,firmware', optee: { compatible: 'linaro,optee-tz' }, plain: {} },
    'reserved-memory': { ranges: true, 'log@10': dev(0x10, { compatible: 'ramoops' }), 'dma@20': dev(0x20) },
  });
  expect(names(tree)).toEqual(['chosen:fb', 'firmware:optee', '10.log']);
  expect([why(tree, '/firmware'), why(tree, '/reserved-memory/dma@20'), why(tree, '/chosen/fb2')]).toEqual([
    'passed-over',
    'outside below /reserved-memory',
    'outside below /chosen',
  ]);
});

test('R-NAME-2: names the bus of a node that is no platform device', () => {
  const cells = (size: number): NodeLiteral => ({ '#address-cells': 1, '#size-cells': size });
  const child = { x: { compatible: 'acme,x' } };
  const tree = deviceTree({
    'i2c@1': { ...dev(1), ...cells(0), ...child },
    'spi@2': { ...dev(2), ...cells(0), ...child },
    'mdio@3': { ...dev(3), ...cells(0), ...child },
    'pcie@4': { ...dev(4), device_type: 'pci', 'eth@0': { compatible: 'pci1,2', phy: { compatible: 'acme,phy' } } },
    mc: { compatible: 'fsl,qoriq-mc', dpmacs: { 'dpmac@1': { compatible: 'fsl,qoriq-mc-dpmac' } } },
    cdx: { compatible: 'xlnx,versal-net-cdx', ...child },
    'usb@5': { ...dev(5), ...cells(1), ...child },
  });
  expect(
    [
      '/i2c@1/x',
      '/spi@2/x',
      '/mdio@3/x',
      '/pcie@4/eth@0',
      '/pcie@4/eth@0/phy',
      '/mc/dpmacs/dpmac@1',
      '/cdx/x',
      '/usb@5/x',
    ].map((path) => why(tree, path)),
  ).toEqual([
    'i2c of /i2c@1',
    'spi of /spi@2',
    'mdio of /mdio@3',
    'pci of /pcie@4',
    'pci of /pcie@4',
    'fsl-mc of /mc',
    'cdx of /cdx',
    '5.usb:x by /usb@5?',
  ]);
});

test('keeps the first of two devices with one name', () => {
  const tree = deviceTree({ a: bus('simple-bus', { 'u@10': dev(0x10) }), b: bus('simple-bus', { 'u@10': dev(0x10) }) });
  expect(names(tree)).toEqual(['a', '10.u', 'b']);
  expect(why(tree, '/b/u@10')).toBe('taken by /a/u@10');
});

test('follows the table of the QorIQ boards, which asks for no compatible and takes PCIe controllers for buses', () => {
  expect(names(p4080Tree())).toEqual([
    'ffe000000.soc',
    'ffe000000.soc:soc-sram-error',
    'ffe020000.iommu',
    'ffe040000.pic',
    'ffe041600.msi',
    'ffe041800.msi',
    'ffe041a00.msi',
    'ffe041100.timer',
    'ffe0e0000.global-utilities',
    'ffe119000.i2c',
    'ffe210000.usb',
    'ffe300000.crypto',
    'ffe200000.pcie',
    'ffe200000.pcie:pcie@0',
  ]);
  expect(why(p4080Tree(), '/cpus')).toBe('outside below /');
  expect(why(p4080Tree(), '/soc@ffe000000/i2c@119000/eeprom@51')).toBe('i2c of /soc@ffe000000/i2c@119000');
});

test('R-TREE-1: names the job rings that the crypto driver makes devices of', () => {
  const made = driverMadeDevices(p4080Tree()).filter(({ known }) => known);
  expect(made.map(({ name, parent }) => [name, parent.name])).toEqual([
    ['ffe301000.jr', 'crypto@300000'],
    ['ffe302000.jr', 'crypto@300000'],
    ['ffe303000.jr', 'crypto@300000'],
    ['ffe304000.jr', 'crypto@300000'],
  ]);
  expect(made[0]?.sysfsPath).toBe('/sys/devices/platform/ffe000000.soc/ffe300000.crypto/ffe301000.jr');
  expect(why(p4080Tree(), '/soc@ffe000000/crypto@300000/jr@1000')).toBe('ffe301000.jr by /soc@ffe000000/crypto@300000');
});

test('takes other PowerPC boards for those of 85xx/common.c', () => {
  const tree = deviceTree({
    cpus: { 'PowerPC,8548@0': {} },
    'soc8548@e0000000': { device_type: 'soc', 'gpio@1': { reg: [1, 1] } },
    leds: { compatible: 'gpio-leds', led: {} },
    other: { compatible: 'acme,other' },
  });
  expect(names(tree)).toEqual(['soc8548@e0000000', 'soc8548@e0000000:gpio@1', 'leds', 'leds:led']);
});
