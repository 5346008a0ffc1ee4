import { type Assignment, bytes, type DeviceRef, iova, type Plan, type Step } from '../model/index.ts';
import { conditionSteps, registerSteps } from './every-register-step.ts';
import { back, recovering, step } from './plan-steps.ts';
import { bdf } from './values.ts';

/** The PCI function of {@link everyStep}, in group 6. */
export const PCI = '0000:01:00.0';
/** Its platform device, in group 7. */
export const USB = 'ffe210000.usb';
/** Its device without an IOMMU. */
export const LOOSE = 'ffe300000.serial';

/** Its physical function that stays with the host, and gets VFs. */
export const PF = '0000:02:00.0';

const pci: DeviceRef = { bus: 'pci', address: bdf(PCI) };
const usb: DeviceRef = { bus: 'platform', address: USB };
const loose: DeviceRef = { bus: 'platform', address: LOOSE };

const pf: DeviceRef = { bus: 'pci', address: bdf(PF) };

const container = 'container#every';
const foreign = 'container#foreign';
const pciHandle = `device:${PCI}`;
const usbHandle = `device:${USB}`;

const HOST_SIDE: readonly Step[] = [
  step('set-huge-pages', '2048kB', { pageSize: bytes(0x20_0000n), before: 3, pages: 8 }),
  step('set-vf-autoprobe', PF, { device: pf, on: false }),
  step('set-vf-count', PF, { device: pf, count: 2 }),
  step('load-module', 'vfio-pci', { module: 'vfio-pci' }),
  step('set-module-parameter', 'vfio.unsafe', { module: 'vfio-core', parameter: 'unsafe', value: 'Y' }),
  step('set-driver-override', PCI, { device: pci, driver: 'vfio-pci' }),
  step('unbind-driver', PCI, { device: pci, driver: 'e1000e' }),
  step('bind-driver', PCI, { device: pci, driver: 'vfio-pci' }),
  step('wait-node', '/dev/vfio/6', { path: '/dev/vfio/6' }),
  step('chown-node', '/dev/vfio/6', { path: '/dev/vfio/6', uid: 4711, gid: 4712 }),
  step('chmod-node', '/dev/vfio/6', { path: '/dev/vfio/6', mode: 0o660 }),
  step('wait-noiommu-node', LOOSE, { device: loose }),
];

const CONTAINERS: readonly Step[] = [
  step('open-container', 'every', { handle: container }),
  step('check-api-version', 'every', { container }),
  step('check-extension', 'every', { container, extension: 3, type: 'type1v2' }),
  step('open-group', '6', { handle: 'group:6', group: 6 }),
  step('check-group-viable', '6', { groupHandle: 'group:6' }),
  step('set-container', '6', { groupHandle: 'group:6', container }),
  step('open-group', '7', { handle: 'group:7', group: 7 }),
  step('open-noiommu-group', LOOSE, { handle: 'group:loose', device: loose }),
  step('set-iommu', 'every', { container, type: 'type1v2', extension: 3 }),
  step('check-iommu-info', 'every', {
    container,
    pageSize: bytes(0x1000n),
    mappings: 2,
    ranges: [{ first: iova(0x4000_0000n), last: iova(0x4020_0fffn) }],
  }),
  step('open-container', 'foreign', { handle: foreign }),
  step('container-ioctl', 'foreign/banks', {
    plugin: 'iommu-every',
    container: foreign,
    request: 'VFIO_EVERY_GET_BANK_COUNT',
    number: 17,
    fields: [],
    atLeast: 3,
    meaning: 'asks how many banks there are',
  }),
  step('container-ioctl', 'foreign/geometry', {
    plugin: 'iommu-every',
    container: foreign,
    request: 'VFIO_EVERY_SET_ATTR',
    number: 16,
    fields: [
      { name: 'argsz', width: 4, value: bytes(32n) },
      { name: 'attribute', width: 2, value: bytes(0x102n) },
      { name: 'small', width: 1, value: bytes(3n) },
      { name: 'pad', width: 1, value: bytes(0n) },
      { name: 'start', width: 8, value: bytes(0x1_0000_0000n) },
      { name: 'end', width: 8, value: bytes(0xffff_ffff_ffff_ffffn), expect: bytes(0xffff_ffff_ffff_ffffn) },
      { name: 'window_size', width: 8, value: bytes(0x100_0000n) },
    ],
    meaning: 'sets the aperture',
  }),
];

const DEVICES: readonly Step[] = [
  step('open-device', PCI, { handle: pciHandle, groupHandle: 'group:6', device: pci }),
  step('check-device-info', PCI, { deviceHandle: pciHandle, bus: 'pci', reset: true }),
  step('check-region-info', `${PCI}/7`, { deviceHandle: pciHandle, index: 7 }),
  step('check-irq-info', `${PCI}/msix`, { deviceHandle: pciHandle, index: 'msix', count: 2 }),
  step('check-hot-reset', PCI, {
    plugin: 'reset-every',
    deviceHandle: pciHandle,
    owned: [bdf(PCI), bdf('0000:01:00.1')],
  }),
  step('hot-reset', PCI, {
    plugin: 'reset-every',
    deviceHandle: pciHandle,
    groupHandles: ['group:6', 'group:7'],
    bestEffort: true,
  }),
  step('reset-device', PCI, { deviceHandle: pciHandle, bestEffort: true }),
  step('open-device', USB, { handle: usbHandle, groupHandle: 'group:7', device: usb }),
  step('check-device-info', USB, { deviceHandle: usbHandle, bus: 'platform', regions: 1, irqs: 1 }),
  step('check-region-info', `${USB}/0`, {
    deviceHandle: usbHandle,
    index: 0,
    size: bytes(0x1000n),
    flags: ['read', 'write', 'mmap'],
  }),
  step('check-irq-info', `${USB}/0`, { deviceHandle: usbHandle, index: 0, count: 1, trigger: 'level' }),
  step('check-devtree-info', `${USB}/0`, {
    deviceHandle: usbHandle,
    index: 0,
    type: 'region',
    path: '/soc@ffe000000/usb@210000',
    dtIndex: 0,
  }),
];

const MEMORY: readonly Step[] = [
  step('set-memlock-limit', 'self', { soft: bytes(0x20_2000n), hard: null }),
  step('create-memfd', 'shared', { handle: 'memfd#shared', pageSize: bytes(0x20_0000n) }),
  step('resize-memfd', 'shared', { memfd: 'memfd#shared', size: bytes(0x20_0000n) }),
  step('allocate-memory', 'shared', {
    handle: 'memory#shared',
    size: bytes(0x20_0000n),
    pageSize: bytes(0x20_0000n),
    memfd: 'memfd#shared',
  }),
  step('allocate-memory', 'plain', { handle: 'memory#plain', size: bytes(0x2000n), pageSize: null, memfd: null }),
  step('map-dma', '0', {
    container,
    memory: 'memory#shared',
    offset: bytes(0n),
    iova: iova(0x4000_0000n),
    size: bytes(0x20_0000n),
    access: 'read-write',
  }),
  step('map-dma', '1', {
    container,
    memory: 'memory#plain',
    offset: bytes(0x1000n),
    iova: iova(0x4020_0000n),
    size: bytes(0x1000n),
    access: 'read',
  }),
  step('create-eventfd', '0', { handle: 'eventfd#0' }),
  step('create-eventfd', '1', { handle: 'eventfd#1' }),
  step('set-irqs', PCI, { deviceHandle: pciHandle, index: 'msix', eventfds: ['eventfd#0', 'eventfd#1'] }),
  step('set-irqs', USB, { deviceHandle: usbHandle, index: 0, eventfds: ['eventfd#0'] }),
  step('set-irq-unmask', USB, { deviceHandle: usbHandle, index: 0, eventfd: 'eventfd#1' }),
];

const DOWN: readonly Step[] = [
  back(`set-irq-unmask:${USB}`, 'clear-irq-unmask', USB, { deviceHandle: usbHandle, index: 0 }),
  back(`set-irqs:${USB}`, 'clear-irqs', USB, { deviceHandle: usbHandle, index: 0 }),
  back(`set-irqs:${PCI}`, 'clear-irqs', PCI, { deviceHandle: pciHandle, index: 'msix' }),
  back('create-eventfd:1', 'close', 'eventfd#1', { handle: 'eventfd#1' }),
  back('create-eventfd:0', 'close', 'eventfd#0', { handle: 'eventfd#0' }),
  back(`open-device:${USB}`, 'reset-device', USB, { deviceHandle: usbHandle, bestEffort: false }),
  back('map-dma:1', 'unmap-dma', '1', { container, iova: iova(0x4020_0000n), size: bytes(0x1000n) }),
  back('map-dma:0', 'unmap-dma', '0', { container, iova: iova(0x4000_0000n), size: bytes(0x20_0000n) }),
  back('allocate-memory:plain', 'free-memory', 'plain', { memory: 'memory#plain', size: bytes(0x2000n) }),
  back('allocate-memory:shared', 'free-memory', 'shared', { memory: 'memory#shared', size: bytes(0x20_0000n) }),
  back('create-memfd:shared', 'close', 'memfd#shared', { handle: 'memfd#shared' }),
  back('set-memlock-limit:self', 'set-memlock-limit', 'self', { soft: bytes(0x1_0000n), hard: bytes(0x1_0000n) }),
  back(`open-device:${USB}`, 'close', usbHandle, { handle: usbHandle }),
  back(`open-device:${PCI}`, 'close', pciHandle, { handle: pciHandle }),
  back('open-container:foreign', 'close', foreign, { handle: foreign }),
  back(`open-noiommu-group:${LOOSE}`, 'close', 'group:loose', { handle: 'group:loose' }),
  back('open-group:7', 'close', 'group:7', { handle: 'group:7' }),
  back('set-container:6', 'unset-container', '6', { groupHandle: 'group:6' }),
  back('open-group:6', 'close', 'group:6', { handle: 'group:6' }),
  back('open-container:every', 'close', container, { handle: container }),
  back('chmod-node:/dev/vfio/6', 'chmod-node', '/dev/vfio/6', { path: '/dev/vfio/6', mode: 0o600 }),
  back('chown-node:/dev/vfio/6', 'chown-node', '/dev/vfio/6', { path: '/dev/vfio/6', uid: 0, gid: 0 }),
  back(`bind-driver:${PCI}`, 'unbind-driver', PCI, { device: pci, driver: 'vfio-pci' }),
  back(`set-driver-override:${PCI}`, 'set-driver-override', PCI, { device: pci, driver: null }),
  back(`unbind-driver:${PCI}`, 'bind-driver', PCI, { device: pci, driver: 'e1000e' }),
  back('set-module-parameter:vfio.unsafe', 'set-module-parameter', 'vfio.unsafe', {
    module: 'vfio-core',
    parameter: 'unsafe',
    value: 'N',
  }),
  back(`set-vf-count:${PF}`, 'set-vf-count', PF, { device: pf, count: 0 }),
  back(`set-vf-autoprobe:${PF}`, 'set-vf-autoprobe', PF, { device: pf, on: true }),
  back('set-huge-pages:2048kB', 'set-huge-pages', '2048kB', { pageSize: bytes(0x20_0000n), before: 8, pages: 3 }),
];

const BOUND = `bind-driver:${PCI}`;
const AGAIN = 'container#recover';
const RECOVER: readonly Step[] = [
  recovering(BOUND, 'open-container', 'recover', { handle: AGAIN }),
  recovering(BOUND, 'open-group', '6', { handle: 'group:recover', group: 6 }),
  recovering(BOUND, 'set-container', '6', { groupHandle: 'group:recover', container: AGAIN }),
  recovering(BOUND, 'set-iommu', '6', { container: AGAIN, type: 'type1v2', extension: 3 }),
  recovering(BOUND, 'open-device', PCI, { handle: pciHandle, groupHandle: 'group:recover', device: pci }),
  recovering(BOUND, 'reset-device', PCI, { deviceHandle: pciHandle, bestEffort: false }),
  recovering(BOUND, 'close', pciHandle, { handle: pciHandle }),
  recovering(BOUND, 'unset-container', '6', { groupHandle: 'group:recover' }),
  recovering(BOUND, 'close', 'group:recover', { handle: 'group:recover' }),
  recovering(BOUND, 'close', AGAIN, { handle: AGAIN }),
];

const assigned = ({ bus, address }: DeviceRef, group: number): Assignment => ({
  vm: 'every',
  device: address,
  bus,
  address,
  group,
  driver: bus === 'pci' ? 'vfio-pci' : 'vfio-platform',
  handoff: 'hold',
  guest: { placement: 'own-bus', address: null },
});

const ASSIGNMENTS: Plan['assignments'] = [assigned(pci, 6), assigned(usb, 7), assigned(loose, 9)];

/**
 * A plan with a step of every kind. No manifest comes to it, and its laws are not asked: it is for whatever must know every
 * kind, such as what writes plans out.
 */
export function everyStep(architecture: string): Plan {
  return {
    format_version: 1,
    toolVersion: '0.0.1',
    project: 'every',
    host: { digest: `sha256:${'0'.repeat(64)}`, release: '6.1.0', architecture },
    plugins: [
      { name: 'reset-every', version: '1.0.0' },
      { name: 'iommu-every', version: '1.0.0' },
    ],
    facts: [],
    assignments: ASSIGNMENTS,
    up: [
      ...HOST_SIDE,
      ...CONTAINERS,
      ...DEVICES,
      ...registerSteps(pciHandle, 7),
      ...registerSteps(usbHandle, 0),
      ...conditionSteps(usbHandle),
      ...MEMORY,
    ],
    down: [...DOWN],
    recover: [...RECOVER],
  };
}
