import { bytes, type ContainerIoctl, type HostInventory, indexHost, iova } from '../../../src/model/index.ts';
import { expect, test } from 'vitest';
import { SimulatedKernel } from '../../../src/runtime/kernel/sim/index.ts';
import { simulatedBy } from '../../../src/runtime/plugins/index.ts';
import { containerIoctl } from '../../../src/runtime/uapi/container-ioctl.ts';
import * as uapi from '../../../src/runtime/uapi/index.ts';
import { errnoOf } from '../../../src/testing/session.ts';
import { pamuBoard, USB0, USB1, vendorBackend } from '../../../src/testing/pamu-board.ts';
import { testPlugins } from '../../../src/testing/plugins.ts';
import type { Dialect } from '../backend.ts';
import * as ioctls from '../ioctls.ts';
import { bankWindows, type Layout } from '../windows/layout.ts';
import { simulate, type SimulatedPamu } from './backend.ts';

const MIB = 1n << 20n;
const LAYOUT: Layout = { first: iova(0n), size: bytes(64n * MIB), windows: 16 };
const EXTENSION = { explicit: 2, 'on-demand': 40 } as const;

interface Options {
  readonly memlock?: bigint;
  readonly usb0?: readonly number[];
  readonly configured?: boolean;
}

/** A container with one group behind the PAMU of a simulated kernel, and the model behind it to look into. */
function container(dialect: Dialect, { memlock, usb0, configured = true }: Options = {}) {
  const on = pamuBoard(vendorBackend({ dialect }, EXTENSION[dialect]), usb0 ? { usb0 } : {});
  const taken = { driver: 'vfio-platform', driverOverride: 'vfio-platform' };
  on.platform(USB0, { treePath: '/soc@ffe000000/usb@210000', group: 3, ...taken });
  on.platform(USB1, { treePath: '/soc@ffe000000/usb@211000', group: 4, ...taken });
  if (memlock !== undefined) on.memlock(memlock);
  const inventory: HostInventory = on.build();
  const models: SimulatedPamu[] = [];
  const kernel = new SimulatedKernel(inventory, {
    backends: new Map([
      [
        EXTENSION[dialect],
        (process) => {
          const model = simulate(indexHost(inventory), process) as SimulatedPamu;
          models.push(model);
          return model;
        },
      ],
    ]),
  });
  const fd = kernel.open('/dev/vfio/vfio', 'read-write');
  const join = (group: number) => {
    const groupFd = kernel.open(`/dev/vfio/${group}`, 'read-write');
    uapi.setContainer(kernel, groupFd, fd);
    return groupFd;
  };
  const call = ({ request, number, fields }: ContainerIoctl) =>
    containerIoctl(kernel, fd, { name: request, number }, fields);
  const windows = (): string =>
    (models[0]?.domain.contents ?? [])
      .map((content) => (content ? (content.what === 'memory' ? 'm' : content.what.slice(-1)) : '.'))
      .join('');
  const first = join(3);
  const begin = () => {
    uapi.setIommu(kernel, fd, EXTENSION[dialect]);
    if (!configured) return;
    call(ioctls.setGeometry(dialect, LAYOUT));
    call(ioctls.setWindows(dialect, LAYOUT));
  };
  const memory = (size = 16n * MIB) => kernel.mmap({ length: size, hugePageSize: 4n * MIB, fd: null });
  const map = (vaddr: bigint, at: bigint, size: bigint) =>
    uapi.mapDma(kernel, fd, { vaddr, iova: iova(at), size: bytes(size), read: true, write: true });
  const unmap = (at: bigint, size: bigint) => uapi.unmapDma(kernel, fd, iova(at), bytes(size));
  const isEnabled = () => models[0]?.domain.isEnabled ?? false;
  return { kernel, fd, join, first, begin, call, windows, memory, map, unmap, isEnabled };
}

const started = (dialect: Dialect, options?: Options) => {
  const made = container(dialect, options);
  made.begin();
  return made;
};

test('R-PAMU-2, R-PAMU-3: on demand, the first mapping opens the aperture and maps the banks from the top; the last takes both', () => {
  const { map, unmap, memory, windows, isEnabled } = started('on-demand');
  expect([windows(), isEnabled()]).toEqual(['................', false]);
  const vaddr = memory();
  map(vaddr, 0n, 4n * MIB);
  expect([windows(), isEnabled()]).toEqual(['m............210', true]);
  map(vaddr + 4n * MIB, 4n * MIB, 8n * MIB);
  expect(windows()).toBe('mmm..........210');
  unmap(0n, 4n * MIB);
  expect([windows(), isEnabled()]).toEqual(['.mm..........210', true]);
  unmap(4n * MIB, 8n * MIB);
  expect([windows(), isEnabled()]).toEqual(['................', false]);
});

test('R-PAMU-6: explicitly, banks are mapped by calls that want an access, and taken away again', () => {
  const { map, memory, call, windows } = started('explicit');
  map(memory(), 0n, 4n * MIB);
  expect(windows()).toBe('m...............');
  const [zero, one] = bankWindows(LAYOUT, 2);
  if (!zero || !one) throw new Error('no windows for banks');
  call(ioctls.mapMsiBank(zero));
  call(ioctls.mapMsiBank(one));
  expect(windows()).toBe('m.............10');
  const mute = ioctls.mapMsiBank({ bank: 2, window: 3, iova: iova(12n * MIB) });
  call({ ...mute, fields: mute.fields.map((field) => (field.name === 'flags' ? { ...field, value: 0n } : field)) });
  expect(windows()).toBe('m.............10');
  call(ioctls.unmapMsiBank(one));
  expect(windows()).toBe('m..............0');
});

test('the discussed interface has no calls for single banks', () => {
  const { call } = started('on-demand');
  expect(errnoOf(() => call(ioctls.mapMsiBank({ bank: 0, window: 15, iova: iova(60n * MIB) })))).toBe('ENOTTY');
});

test('R-PAMU-1: how many banks there are is what the call returns', () => {
  expect(started('explicit').call(ioctls.getMsiBankCount('explicit', 3)).returned).toBe(3);
});

test.each<[string, Layout, string]>([
  ['an aperture that is no power of two', { ...LAYOUT, size: bytes(48n * MIB) }, 'EINVAL'],
  ['an aperture at no multiple of itself', { ...LAYOUT, first: iova(32n * MIB) }, 'EINVAL'],
  ['an aperture below 4 KiB', { ...LAYOUT, size: bytes(2048) }, 'EINVAL'],
])(
  'R-PAMU-4: %s is refused where errors come back, and only seen on reading back where they are dropped',
  (_what, layout, errno) => {
    const { call } = started('on-demand');
    expect(errnoOf(() => call(ioctls.setGeometry('on-demand', layout)))).toBe(errno);
    const vendor = started('explicit');
    expect(vendor.call(ioctls.setGeometry('explicit', layout)).returned).toBe(0);
    expect(vendor.call(ioctls.expectGeometry('explicit', layout)).values.slice(4)).toEqual([0n, 64n * MIB - 1n]);
  },
);

test('R-PAMU-4: windows want a geometry first, a power of two, and no more than there are', () => {
  const { call } = started('on-demand', { configured: false });
  const setWindows = (windows: number) => () => call(ioctls.setWindows('on-demand', { ...LAYOUT, windows }));
  expect(errnoOf(setWindows(16))).toBe('EINVAL');
  call(ioctls.setGeometry('on-demand', LAYOUT));
  for (const windows of [0, 12, 512]) expect(errnoOf(setWindows(windows))).toBe('EINVAL');
  setWindows(16)();
});

test('before anything is set, all windows of all addresses are answered', () => {
  const { call } = started('explicit', { configured: false });
  expect(call(ioctls.expectGeometry('explicit', LAYOUT)).values.slice(4)).toEqual([0n, (1n << 36n) - 1n]);
  expect(call(ioctls.expectWindows('explicit', LAYOUT)).values[4]).toBe(256n);
});

test('an open aperture cannot be changed: EBUSY', () => {
  const { call, map, memory } = started('on-demand');
  map(memory(), 0n, 4n * MIB);
  expect(errnoOf(() => call(ioctls.setGeometry('on-demand', LAYOUT)))).toBe('EBUSY');
  expect(errnoOf(() => call(ioctls.setWindows('on-demand', LAYOUT)))).toBe('EBUSY');
});

test.each<[string, bigint, bigint, string]>([
  ['beside a window boundary', 6n * MIB, 4n * MIB, 'EINVAL'],
  ['outside the aperture', 64n * MIB, 4n * MIB, 'EINVAL'],
  ['over another', 0n, 8n * MIB, 'EBUSY'],
  ['over a bank', 60n * MIB, 4n * MIB, 'EBUSY'],
  ['of no power of two', 8n * MIB, 3n * MIB, 'EINVAL'],
])('R-PAMU-4: a mapping %s is refused, and nothing of it stays', (_what, at, size, errno) => {
  const { map, memory, windows, kernel } = started('on-demand');
  const vaddr = memory();
  map(vaddr, 0n, 4n * MIB);
  const locked = kernel.leaks();
  expect(errnoOf(() => map(vaddr, at, size))).toBe(errno);
  expect(windows()).toBe('m............210');
  expect(kernel.leaks()).toEqual(locked);
});

test('a mapping before the windows are set: ENODEV', () => {
  const { map, memory } = started('explicit', { configured: false });
  // All addresses in as many windows as there are: 256 MiB each, which this memory does not fill.
  expect(errnoOf(() => map(memory(256n * MIB), 0n, 256n * MIB))).toBe('EFAULT');
});

test('memory that is not one piece behind a window: EFAULT', () => {
  const { map, kernel } = started('explicit');
  const small = kernel.mmap({ length: 4n * MIB, hugePageSize: null, fd: null });
  expect(errnoOf(() => map(small, 0n, 4n * MIB))).toBe('EFAULT');
});

test('R-PAMU-6: what does not fill a window is left out by vendors, without a word; the hardware could map it', () => {
  const vendor = started('explicit');
  vendor.map(vendor.memory(), 0n, 2n * MIB);
  expect(vendor.windows()).toBe('................');
  const discussed = started('on-demand');
  discussed.map(discussed.memory(), 0n, 2n * MIB);
  expect(discussed.windows()).toBe('m............210');
});

test('memory is charged to the limit of the process: ENOMEM', () => {
  const { map, memory, kernel } = started('explicit', { memlock: 8n * MIB });
  const vaddr = memory();
  map(vaddr, 0n, 8n * MIB);
  expect(errnoOf(() => map(vaddr + 8n * MIB, 8n * MIB, 4n * MIB))).toBe('ENOMEM');
  expect(kernel.leaks()).toContain('2048 pages pinned');
});

test('R-GROUP-3: a group without a LIODN is not taken: EINVAL', () => {
  expect(errnoOf(container('explicit', { usb0: [] }).begin)).toBe('EINVAL');
  expect(errnoOf(container('explicit', { usb0: [0x500] }).begin)).toBe('EINVAL');
});

test('R-PAMU-4: the second table is one for all: ENOSPC for the LIODN that it has no room for', () => {
  const usb0 = Array.from({ length: 8 }, (_, n) => 0x100 + n);
  const { call, join, map, memory } = started('on-demand', { usb0 });
  call(ioctls.setWindows('on-demand', { ...LAYOUT, windows: 256 }));
  map(memory(), 0n, 256n * 1024n);
  expect(errnoOf(() => join(4))).toBe('ENOSPC');
  const many = started('on-demand', { usb0: [...usb0, 0x200] });
  expect(errnoOf(() => many.call(ioctls.setWindows('on-demand', { ...LAYOUT, windows: 256 })))).toBe('ENOSPC');
});

test('an argument that says less than its struct has is refused, whatever comes after is dropped', () => {
  const { call } = started('explicit');
  const whole = ioctls.setGeometry('explicit', LAYOUT);
  const short = whole.fields.map((field) => (field.name === 'argsz' ? { ...field, value: 16n } : field));
  expect(errnoOf(() => call({ ...whole, fields: short }))).toBe('EINVAL');
  expect(errnoOf(() => call({ ...whole, fields: whole.fields.slice(0, 4) }))).toBe('EFAULT');
});

test('the last group that leaves takes everything with it', () => {
  const { kernel, fd, first, map, memory, windows, isEnabled } = started('on-demand');
  map(memory(), 0n, 16n * MIB);
  kernel.close(first);
  kernel.close(fd);
  expect([windows(), isEnabled()]).toEqual(['', false]);
  expect(kernel.leaks().filter((line) => line.includes('pinned'))).toEqual([]);
});

test('R-PAMU-6: the kernel of a host is simulated by its plugin, one that was not identified takes nothing', () => {
  const backends = (properties: Record<string, string>) =>
    simulatedBy(testPlugins, pamuBoard(vendorBackend(properties)).build()).backends ?? new Map();
  expect([...backends({}).keys()]).toEqual([2]);
  const process = {
    architecture: 'ppc',
    littleEndian: false,
    hasMemory: () => true,
    lock: () => true,
    unlock: () => undefined,
  };
  expect(backends({ dialect: '?' }).get(2)?.(process).attach(3)).toBe('ENODEV');
  expect(backends({}).get(2)?.(process).attach(3)).toBe(null);
});
