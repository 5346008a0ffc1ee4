import { expect, test } from 'vitest';
import { bytes, iova } from '../../model/address.ts';
import { KernelError } from '../kernel/port.ts';
import { scriptedKernel } from '../../testing/scripted-kernel.ts';
import * as uapi from './index.ts';

/** Lays numbers into a buffer: [offset, width in bytes, value]. */
const fill = (buffer: Buffer, ...fields: readonly (readonly [number, 2 | 4 | 8, number | bigint])[]) => {
  for (const [at, width, value] of fields) {
    if (width === 8) buffer.writeBigUInt64LE(BigInt(value), at);
    else buffer.writeUIntLE(Number(value), at, width);
  }
  return 0;
};

test('a status says whether a group is viable and in a container', () => {
  const { kernel } = scriptedKernel(
    'x86_64',
    (arg) => fill(arg, [4, 4, 1]),
    (arg) => fill(arg, [4, 4, 3]),
  );
  expect(uapi.getGroupStatus(kernel, 4)).toEqual({ viable: true, containerSet: false });
  expect(uapi.getGroupStatus(kernel, 4)).toEqual({ viable: true, containerSet: true });
});

test('an answer of a big-endian kernel is read in its byte order', () => {
  const { kernel } = scriptedKernel('ppc64', (arg) => (arg.writeUInt32BE(1, 4), 0));
  expect(uapi.getGroupStatus(kernel, 4).viable).toBe(true);
});

test('device, region and interrupt infos keep 64-bit values exact', () => {
  const { kernel } = scriptedKernel(
    'x86_64',
    (arg) => fill(arg, [4, 4, 3], [8, 4, 9], [12, 4, 5]),
    (arg) => fill(arg, [4, 4, 7], [16, 8, 0xffff_ffff_ffff_fff1n], [24, 8, 7n << 40n]),
    (arg) => fill(arg, [4, 4, 7], [12, 4, 1]),
  );
  expect(uapi.getDeviceInfo(kernel, 5)).toEqual({ bus: 'pci', canReset: true, regions: 9, irqs: 5 });
  expect(uapi.getRegionInfo(kernel, 5, 0)).toEqual({
    index: 0,
    size: 0xffff_ffff_ffff_fff1n,
    offset: 7n << 40n,
    readable: true,
    writable: true,
    mappable: true,
    mappableAreas: null,
  });
  expect(uapi.getIrqInfo(kernel, 5, 0)).toMatchObject({ count: 1, maskable: true, automasked: true, noResize: false });
});

const needs = (size: number) => (arg: Buffer) => fill(arg, [0, 4, size], [4, 4, 8]);

test('a region info whose capabilities did not fit is asked for again with the room that the kernel wants', () => {
  const { kernel, asked } = scriptedKernel('x86_64', needs(80), (arg) =>
    fill(
      arg,
      [4, 4, 15],
      [12, 4, 32],
      [32, 2, 1],
      [40, 4, 2],
      [48, 8, 0x1000],
      [56, 8, 0x2000],
      [64, 8, 0x8000],
      [72, 8, 0x1000],
    ),
  );
  expect(uapi.getRegionInfo(kernel, 5, 2).mappableAreas).toEqual([
    { offset: 0x1000n, size: 0x2000n },
    { offset: 0x8000n, size: 0x1000n },
  ]);
  expect(asked.map(({ argument }) => String(argument).length / 2)).toEqual([32, 80]);
});

test('a chain of capabilities that comes back to itself is refused instead of followed for ever', () => {
  const { kernel } = scriptedKernel('x86_64', needs(48), (arg) =>
    fill(arg, [4, 4, 8], [12, 4, 32], [32, 2, 3], [36, 4, 40], [40, 2, 3], [44, 4, 32]),
  );
  expect(() => uapi.getRegionInfo(kernel, 5, 0)).toThrow(uapi.MalformedAnswer);
});

test.each([
  ['a capability outside the answer', 60, 0],
  ['more areas than the answer holds', 32, 1000],
])('%s is refused', (_what, first, areas) => {
  const { kernel } = scriptedKernel('x86_64', needs(64), (arg) =>
    fill(arg, [4, 4, 8], [12, 4, first], [32, 2, 1], [40, 4, areas]),
  );
  expect(() => uapi.getRegionInfo(kernel, 5, 0)).toThrow(uapi.MalformedAnswer);
});

test('a kernel that asks for gigabytes of room is not believed', () => {
  const { kernel } = scriptedKernel('x86_64', needs(0xffff_ffff));
  expect(() => uapi.getRegionInfo(kernel, 5, 0)).toThrow(uapi.MalformedAnswer);
});

test('the IOMMU info has page sizes, IOVA ranges, mappings left and dirty tracking from its chain', () => {
  const { kernel } = scriptedKernel('x86_64', needs(120), (arg) =>
    fill(
      arg,
      [4, 4, 3],
      [8, 8, 0x4020_1000n],
      [16, 4, 24],
      [24, 2, 2],
      [28, 4, 56],
      [40, 8, 0x1000n],
      [48, 8, 0x1000_0000n],
      [56, 2, 3],
      [60, 4, 72],
      [64, 4, 65535],
      [72, 2, 1],
      [80, 4, 2],
      [88, 8, 0n],
      [96, 8, 0xfedf_ffffn],
      [104, 8, 0xfef0_0000n],
      [112, 8, 0xffff_ffff_ffffn],
    ),
  );
  expect(uapi.getIommuInfo(kernel, 3)).toEqual({
    pageSizes: 0x4020_1000n,
    ranges: [
      { first: 0n, last: 0xfedf_ffffn },
      { first: 0xfef0_0000n, last: 0xffff_ffff_ffffn },
    ],
    mappingsLeft: 65535,
    migration: { pageSizes: 0x1000n, maxBitmapSize: 0x1000_0000n },
  });
});

test('a kernel without capabilities leaves ranges and limit unknown, not empty', () => {
  const { kernel } = scriptedKernel('x86_64', (arg) => fill(arg, [4, 4, 1], [8, 8, 0x1000n]));
  expect(uapi.getIommuInfo(kernel, 3)).toEqual({
    pageSizes: 0x1000n,
    ranges: null,
    mappingsLeft: null,
    migration: null,
  });
});

test('unmapping answers with the bytes that the kernel removed', () => {
  const { kernel } = scriptedKernel('x86_64', (arg) => fill(arg, [16, 8, 0x3000n]));
  expect(uapi.unmapDma(kernel, 3, iova(0n), bytes(0x5000))).toBe(0x3000n);
});

test('R-RESET-5: the functions that a bus reset hits are fetched with the room that ENOSPC asks for', () => {
  const { kernel, asked } = scriptedKernel(
    'x86_64',
    (arg) => (fill(arg, [8, 4, 2]), 'ENOSPC' as const),
    (arg) =>
      fill(arg, [8, 4, 2], [12, 4, 11], [16, 2, 0x10], [18, 2, 0x0065], [20, 4, 12], [24, 2, 0], [26, 2, 0xff66]),
  );
  expect(uapi.getPciHotResetInfo(kernel, 5)).toEqual([
    { group: 11, address: '0010:65:00.0' },
    { group: 12, address: '0000:66:1f.7' },
  ]);
  expect(asked).toHaveLength(2);
});

test('another failure of the hot reset info is passed on', () => {
  const { kernel } = scriptedKernel('x86_64', () => 'ENODEV');
  expect(() => uapi.getPciHotResetInfo(kernel, 5)).toThrow(KernelError);
});

test('a positive answer to SET_IRQS means that nothing was enabled', () => {
  const { kernel } = scriptedKernel('x86_64', () => 4);
  expect(() => uapi.connectEventfds(kernel, 5, 2, [9, 10, 11, 12, 13, 14, 15, 16])).toThrow(
    expect.objectContaining({ name: 'TooFewInterrupts', asked: 8, available: 4 }),
  );
});

test.each([
  ['VFIO_GROUP_SET_CONTAINER', 'group', 'EPERM', /viable/],
  ['VFIO_IOMMU_MAP_DMA', 'container', 'ENOSPC', /dma_entry_limit/],
  ['VFIO_IOMMU_MAP_DMA', 'container', 'EBADF', /not open/],
  ['open', '/dev/vfio/17', 'EBUSY', /open/],
  ['write', '/sys/bus/pci/drivers/vfio-pci/bind', 'EINVAL', /IOMMU group/],
  ['write', '/sys/bus/pci/devices/0000:01:00.0/anything', 'EACCES', /root/],
  ['mmap', 'huge pages of 2 MiB', 'ENOMEM', /nr_hugepages/],
])('%s on %s failing with %s is explained', (call, target, code, text) => {
  expect(uapi.explainFailure(new KernelError(call, target, code, 1))).toMatch(text);
});

test('the same errno means different things for different calls', () => {
  const meaning = (call: string) => uapi.explainFailure({ call, target: 'container', code: 'EPERM' });
  expect(meaning('VFIO_SET_IOMMU')).not.toBe(meaning('VFIO_GROUP_SET_CONTAINER'));
});

test('an errno that nobody expects is left unexplained', () => {
  expect(uapi.explainFailure({ call: 'VFIO_SET_IOMMU', target: 'container', code: 'EXDEV' })).toBeUndefined();
});

/** Answers as a kernel with the proposed call: the size first, then the place. */
const placed = (path: string, dtIndex: number, flags = 0) => {
  const size = 20 + Buffer.byteLength(path) + 1;
  return (arg: Buffer) => {
    fill(arg, [0, 4, Math.max(size, arg.length)]);
    if (arg.length >= size) {
      fill(arg, [4, 4, flags], [8, 4, dtIndex]);
      arg.write(`${path}\0`, 20);
    }
    return 0;
  };
};

test('R-TREE-5: a first call learns the size of the answer about the tree, a second one fetches it', () => {
  const answer = placed('/soc@ffe000000/crypto@300000/jr@1000', 1);
  const { kernel, asked } = scriptedKernel('x86_64', answer, answer);
  expect(uapi.getDevtreeInfo(kernel, 5, 'region', 3)).toEqual({
    path: '/soc@ffe000000/crypto@300000/jr@1000',
    dtIndex: 1,
    isRange: false,
  });
  expect(asked.map(({ argument }) => String(argument).length / 2)).toEqual([20, 57]);
  expect(asked[1]?.argument).toMatch(/^3900000000000000000000000000000003000000(00)*$/);
});

test('R-TREE-4: an entry of ranges that is exposed is told apart from the registers', () => {
  const answer = placed('/pcie@ffe200000', 0, 8);
  const { kernel } = scriptedKernel('x86_64', answer, answer);
  expect(uapi.getDevtreeInfo(kernel, 5, 'region', 1).isRange).toBe(true);
});

test('an answer about the tree that cannot be is not believed', () => {
  const sized = (size: number) => (arg: Buffer) => fill(arg, [0, 4, size]);
  for (const size of [20, 0, 0xffff_ffff]) {
    const { kernel } = scriptedKernel('x86_64', sized(size), sized(size));
    expect(() => uapi.getDevtreeInfo(kernel, 5, 'region', 0), String(size)).toThrow(uapi.MalformedAnswer);
  }
  const endless = (arg: Buffer) => (arg.fill(0x61, 20), fill(arg, [0, 4, 30]));
  const { kernel } = scriptedKernel('x86_64', endless, endless);
  expect(() => uapi.getDevtreeInfo(kernel, 5, 'region', 0)).toThrow(uapi.MalformedAnswer);
});

test.each([
  ['platform', 4],
  ['amba', 8],
  ['other', 64],
  ['other', 0],
] as const)('a device of bus %s says so by its flags, and whether it can be reset', (bus, flag) => {
  const { kernel } = scriptedKernel(
    'x86_64',
    (arg) => fill(arg, [4, 4, flag]),
    (arg) => fill(arg, [4, 4, flag + 1]),
  );
  expect(uapi.getDeviceInfo(kernel, 5)).toMatchObject({ bus, canReset: false });
  expect(uapi.getDeviceInfo(kernel, 5)).toMatchObject({ bus, canReset: true });
});

test.each([
  ['open', '/dev/vfio/noiommu-0', 'EPERM', /CAP_SYS_RAWIO/],
  ['write', '/sys/bus/platform/drivers/vfio-platform/bind', 'ENOENT', /reset handler/],
  ['write', '/sys/bus/platform/drivers/vfio-platform/bind', 'EINVAL', /dma-coherent/],
  ['write', '/sys/bus/amba/drivers/vfio-amba/bind', 'EAGAIN', /later/],
  ['VFIO_SET_IOMMU', 'container', 'EPERM', /MSI controller/],
  ['VFIO_GROUP_SET_CONTAINER', 'group', 'EPERM', /do not mix/],
  ['VFIO_DEVICE_RESET', 'device', 'EINVAL', /reset handler/],
  ['VFIO_DEVICE_SET_IRQS', 'device', 'EBUSY', /eventfd/],
  ['mmap', 'device', 'EINVAL', /region/],
] as const)('R-GROUP-5: what %s of %s means by %s is said', (call, target, code, sentence) => {
  expect(uapi.explainFailure({ call, target, code })).toMatch(sentence);
});
