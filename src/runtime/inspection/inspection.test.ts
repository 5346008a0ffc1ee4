import { expect, test } from 'vitest';
import { correlate } from '../../devicetree/index.ts';
import { deviceTree, nodeAt } from '../../testing/index.ts';
import { kernelError } from '../kernel/errno.ts';
import type { IoctlRequest, Kernel } from '../kernel/port.ts';
import { abiOf, DEVICE_FLAG, DEVICE_INFO, IRQ_FLAG, IRQ_INFO, REGION_FLAG, REGION_INFO } from '../uapi/index.ts';
import { askDevice, type DeviceAnswer, groupNodeOf } from './ask-device.ts';
import { compareTable } from './compare.ts';

const ABI = abiOf('aarch64');
const DEVICE = { bus: 'platform', address: '1000.dev' } as const;

/** A kernel with one device of one region and two interrupts; `log` has every open and close. */
function kernelWith(files: readonly string[], busy: readonly string[] = []) {
  const log: string[] = [];
  const open = new Map<number, string>();
  let next = 10;
  const take = (what: string): number => {
    log.push(`open ${what}`);
    open.set(next, what);
    return next++;
  };
  const answers: Record<string, (argument: Buffer) => void> = {
    VFIO_DEVICE_GET_INFO: (argument) =>
      DEVICE_INFO.write(ABI, argument, { flags: DEVICE_FLAG.platform, numRegions: 1, numIrqs: 2 }),
    VFIO_DEVICE_GET_REGION_INFO: (argument) =>
      REGION_INFO.write(ABI, argument, { size: 0x1000n, flags: REGION_FLAG.read, offset: 0n }),
    VFIO_DEVICE_GET_IRQ_INFO: (argument) => {
      const { index } = IRQ_INFO.read(ABI, argument);
      IRQ_INFO.write(ABI, argument, { count: 1, flags: index === 0 ? IRQ_FLAG.automasked : 0 });
    },
  };
  const ioctl = (_fd: number, request: IoctlRequest, argument: Buffer | number | null): number => {
    if (request.name === 'VFIO_SET_IOMMU') log.push(`iommu ${String(argument)}`);
    if (request.name === 'VFIO_CHECK_EXTENSION') return 1;
    if (Buffer.isBuffer(argument)) answers[request.name]?.(argument);
    return 0;
  };
  const kernel: Pick<Kernel, 'architecture' | 'open' | 'close' | 'ioctl' | 'ioctlLong' | 'exists' | 'readlink'> = {
    architecture: 'aarch64',
    open: (path) => {
      if (busy.includes(path)) throw kernelError('open', path, 'EBUSY');
      return take(path);
    },
    close: (fd) => void log.push(`close ${open.get(fd) ?? 'nothing'}`),
    ioctl,
    ioctlLong: async (fd, request, argument) =>
      request.name === 'VFIO_GROUP_GET_DEVICE_FD' ? take('device') : ioctl(fd, request, argument),
    exists: (path) => files.includes(path),
    readlink: () => '../../kernel/iommu_groups/7',
  };
  return { kernel: kernel as Kernel, log };
}

test('R-TREE-2: asks for every region and interrupt, and leaves nothing open', async () => {
  const { kernel, log } = kernelWith([]);
  const node = groupNodeOf(kernel, DEVICE);
  expect(node).toBe('/dev/vfio/7');
  const { info, regions, irqs } = await askDevice(kernel, DEVICE, '/dev/vfio/7');
  expect(info).toMatchObject({ bus: 'platform', regions: 1, irqs: 2 });
  expect([regions.map(({ size }) => size), irqs.map(({ automasked }) => automasked)]).toEqual([
    [0x1000n],
    [true, false],
  ]);
  expect(log).toEqual([
    'open /dev/vfio/7',
    'open /dev/vfio/vfio',
    'iommu 3',
    'open device',
    'close device',
    'close /dev/vfio/vfio',
    'close /dev/vfio/7',
  ]);
});

test('opens the node of no-IOMMU mode where that is the one', async () => {
  const { kernel, log } = kernelWith(['/dev/vfio/noiommu-7']);
  expect(groupNodeOf(kernel, DEVICE)).toBe('/dev/vfio/noiommu-7');
  await askDevice(kernel, DEVICE, '/dev/vfio/noiommu-7');
  expect(log).toContain('iommu 8');
});

test('closes what it has opened where a call fails', async () => {
  const { kernel, log } = kernelWith([], ['/dev/vfio/vfio']);
  await expect(askDevice(kernel, DEVICE, '/dev/vfio/7')).rejects.toMatchObject({ code: 'EBUSY' });
  expect(log).toEqual(['open /dev/vfio/7', 'close /dev/vfio/7']);
});

const TREE = deviceTree({
  '#address-cells': 1,
  '#size-cells': 1,
  'interrupt-parent': 1,
  'gic@0': { compatible: 'arm,cortex-a15-gic', phandle: 1, 'interrupt-controller': true, '#interrupt-cells': 3 },
  'dev@1000': { compatible: 'x', reg: [0x1000, 0x1000], interrupts: [0, 1, 4, 0, 2, 1] },
});
const ROWS = correlate(TREE, nodeAt(TREE, '/dev@1000'), {
  bus: 'platform',
  ranges: 'translate',
  interruptMap: 'translate',
});
const AGREEING: DeviceAnswer = await askDevice(kernelWith([]).kernel, DEVICE, '/dev/vfio/7');

test('R-TREE-2: finds nothing where the kernel says what the tree says', () => {
  expect(compareTable(ROWS, 'platform', AGREEING)).toEqual([]);
});

test('R-TREE-2: names the row, what the tree says and what the kernel says', () => {
  const regions = AGREEING.regions.map((region) => ({ ...region, size: 0x2000n }));
  const irqs = AGREEING.irqs.map((irq) => ({ ...irq, automasked: true }));
  expect(compareTable(ROWS, 'platform', { ...AGREEING, regions, irqs })).toEqual([
    { about: 'region 0 (reg [0] of /dev@1000)', tree: 'size 0x1000', kernel: 'size 0x2000' },
    { about: 'interrupt 1 (interrupts [1] of /dev@1000)', tree: 'edge', kernel: 'level' },
  ]);
});

test('R-TREE-2: finds another number of regions or interrupts, and another bus', () => {
  const answer = { ...AGREEING, info: { ...AGREEING.info, regions: 0, irqs: 3 }, regions: [] };
  expect(compareTable(ROWS, 'amba', answer).map(({ about }) => about)).toEqual([
    'the bus',
    'the number of regions',
    'the number of interrupts',
  ]);
});
