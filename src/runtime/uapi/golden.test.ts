import { expect, test } from 'vitest';
import { bytes, iova } from '../../model/address.ts';
import type { Kernel } from '../kernel/port.ts';
import { scriptedKernel } from '../../testing/scripted-kernel.ts';
import * as uapi from './index.ts';

const mapping = {
  vaddr: 0x7f12_3456_7000n,
  iova: iova(0xffff_ffff_ffff_0000n),
  size: bytes(0x1_0000),
  read: true,
  write: false,
};

function unanswered(run: () => unknown): void {
  expect(run).toThrow(uapi.MalformedAnswer);
}

/** Bytes as a C compiler lays them out, little-endian and big-endian, and what the call must do with no answer. */
const GOLDEN: readonly (readonly [
  string,
  (kernel: Kernel) => unknown,
  number | null | string,
  number | null | string,
])[] = [
  ['VFIO_GET_API_VERSION', (k) => uapi.getApiVersion(k, 3), null, null],
  ['VFIO_CHECK_EXTENSION', (k) => uapi.checkExtension(k, 3, uapi.EXTENSION.type1v2), 3, 3],
  ['VFIO_SET_IOMMU', (k) => uapi.setIommu(k, 3, 'type1'), 1, 1],
  ['VFIO_GROUP_GET_STATUS', (k) => uapi.getGroupStatus(k, 4), '0800000000000000', '0000000800000000'],
  ['VFIO_GROUP_SET_CONTAINER', (k) => uapi.setContainer(k, 4, 258), '02010000', '00000102'],
  ['VFIO_GROUP_UNSET_CONTAINER', (k) => uapi.unsetContainer(k, 4), null, null],
  [
    'VFIO_GROUP_GET_DEVICE_FD',
    (k) => uapi.getDeviceFd(k, 4, '0000:65:00.1'),
    '303030303a36353a30302e3100',
    '303030303a36353a30302e3100',
  ],
  ['VFIO_DEVICE_GET_INFO', (k) => uapi.getDeviceInfo(k, 5), `18000000${'00'.repeat(20)}`, `00000018${'00'.repeat(20)}`],
  [
    'VFIO_DEVICE_GET_REGION_INFO',
    (k) => uapi.getRegionInfo(k, 5, 7),
    `200000000000000007000000${'00'.repeat(20)}`,
    `000000200000000000000007${'00'.repeat(20)}`,
  ],
  [
    'VFIO_DEVICE_GET_IRQ_INFO',
    (k) => uapi.getIrqInfo(k, 5, uapi.PCI_IRQ.msix),
    '10000000000000000200000000000000',
    '00000010000000000000000200000000',
  ],
  [
    'VFIO_DEVICE_SET_IRQS',
    (k) => uapi.connectEventfds(k, 5, uapi.PCI_IRQ.msi, [9, -1]),
    '1c0000002400000001000000000000000200000009000000ffffffff',
    '0000001c0000002400000001000000000000000200000009ffffffff',
  ],
  ['VFIO_DEVICE_RESET', (k) => uapi.resetDevice(k, 5), null, null],
  [
    'VFIO_DEVICE_GET_DEVTREE_INFO',
    // Without an answer nothing was promised: the first call alone is looked at here.
    (k) => unanswered(() => uapi.getDevtreeInfo(k, 5, 'interrupt', 2)),
    '1400000000000000000000000100000002000000',
    '0000001400000000000000000000000100000002',
  ],
  [
    'VFIO_DEVICE_GET_PCI_HOT_RESET_INFO',
    (k) => uapi.getPciHotResetInfo(k, 5),
    '0c0000000000000000000000',
    '0000000c0000000000000000',
  ],
  [
    'VFIO_DEVICE_PCI_HOT_RESET',
    (k) => uapi.pciHotReset(k, 5, [4, 6]),
    '1400000000000000020000000400000006000000',
    '0000001400000000000000020000000400000006',
  ],
  ['VFIO_IOMMU_GET_INFO', (k) => uapi.getIommuInfo(k, 3), `18000000${'00'.repeat(20)}`, `00000018${'00'.repeat(20)}`],
  [
    'VFIO_IOMMU_MAP_DMA',
    (k) => uapi.mapDma(k, 3, mapping),
    '200000000100000000705634127f00000000ffffffffffff0000010000000000',
    '000000200000000100007f1234567000ffffffffffff00000000000000010000',
  ],
  [
    'VFIO_IOMMU_UNMAP_DMA',
    (k) => uapi.unmapDma(k, 3, mapping.iova, mapping.size),
    '18000000000000000000ffffffffffff0000010000000000',
    '0000001800000000ffffffffffff00000000000000010000',
  ],
];

test('every ioctl has golden bytes', () => {
  expect(GOLDEN.map(([name]) => name).sort()).toEqual(uapi.IOCTLS.map((ioctl) => ioctl.name).sort());
});

test.each(GOLDEN)('%s is encoded as C lays it out, in both byte orders', async (name, call, little, big) => {
  for (const [architecture, expected] of [
    ['x86_64', little],
    ['ppc64', big],
  ] as const) {
    const { kernel, asked } = scriptedKernel(architecture);
    await call(kernel);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ name, argument: expected });
  }
});

test('R-ORDER-3: taking interrupts down says no data and a count of 0, the only form that does it', () => {
  const { kernel, asked } = scriptedKernel('x86_64');
  uapi.disableIrqs(kernel, 5, uapi.PCI_IRQ.msix);
  expect(asked[0]?.argument).toBe('1400000021000000020000000000000000000000');
});

test('unmasking a level interrupt says one interrupt, by an eventfd or at once', () => {
  const { kernel, asked } = scriptedKernel('x86_64');
  uapi.unmaskThrough(kernel, 5, 2, 9);
  uapi.unmaskThrough(kernel, 5, 2, null);
  uapi.unmaskIrq(kernel, 5, 2);
  expect(asked.map(({ argument }) => argument)).toEqual([
    '180000001400000002000000000000000100000009000000',
    '1800000014000000020000000000000001000000ffffffff',
    '1400000011000000020000000000000001000000',
  ]);
  const big = scriptedKernel('ppc64');
  uapi.unmaskThrough(big.kernel, 5, 2, 9);
  expect(big.asked[0]?.argument).toBe('000000180000001400000002000000000000000100000009');
});

test('mapping off the main thread encodes the same bytes, in a buffer of its own', async () => {
  const { kernel, asked } = scriptedKernel('x86_64');
  uapi.mapDma(kernel, 3, mapping);
  await uapi.mapDmaLong(kernel, 3, mapping);
  expect(asked[1]?.argument).toBe(asked[0]?.argument);
  uapi.unmapDma(kernel, 3, mapping.iova, mapping.size);
  await uapi.unmapDmaLong(kernel, 3, mapping.iova, mapping.size);
  expect(asked[3]?.argument).toBe(asked[2]?.argument);
});

test('a second mapping leaves nothing of the first behind in the shared argument', () => {
  const { kernel, asked } = scriptedKernel('x86_64');
  uapi.mapDma(kernel, 3, { ...mapping, write: true });
  uapi.mapDma(kernel, 3, { vaddr: 0n, iova: iova(0n), size: bytes(0), read: false, write: false });
  expect(asked[1]?.argument).toBe(`20000000${'00'.repeat(28)}`);
});
