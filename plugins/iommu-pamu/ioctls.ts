import type { ContainerIoctl, IoctlMember } from 'vfio-compose/plugin';
import type { Dialect } from './backend.ts';
import { type BankWindow, lastOfLayout, type Layout } from './windows/layout.ts';

/**
 * The ioctls of a container behind a PAMU, above VFIO_BASE, as vendors numbered them (include/uapi/linux/vfio.h of
 * Freescale's SDK and of OpenIL). On other containers the same numbers are other calls. The discussed interface was never
 * numbered; what it has in common with theirs has their numbers here.
 */
export const NUMBER = {
  mapDma: 13,
  unmapDma: 14,
  getAttribute: 15,
  setAttribute: 16,
  getMsiBankCount: 17,
  mapMsiBank: 18,
  unmapMsiBank: 19,
} as const;

/** `attribute` of struct vfio_pamu_attr. */
export const ATTRIBUTE = { geometry: 0, windows: 1 } as const;

/** Flags of a mapping, as the device sees it (VFIO_DMA_MAP_FLAG_*); the call that maps a bank wants them too. */
export const ACCESS = { read: 1, write: 2 } as const;

/** The size of each argument in bytes, which is also the least that it may say of itself. */
export const SIZE = { attribute: 32, mapMsiBank: 24, unmapMsiBank: 16 } as const;

const u32 = (name: string, value: number | bigint, expect?: number | bigint): IoctlMember => ({
  name,
  width: 4,
  value: BigInt(value),
  ...(expect === undefined ? {} : { expect: BigInt(expect) }),
});

const u64 = (name: string, value: bigint, expect?: bigint): IoctlMember => ({
  name,
  width: 8,
  value,
  ...(expect === undefined ? {} : { expect }),
});

/** Vendors put the hardware's name into the calls; the discussion did not. */
const named = (dialect: Dialect, call: string): string => `VFIO_IOMMU_${dialect === 'explicit' ? 'PAMU_' : ''}${call}`;

/** What every attribute begins with. */
const attributeHead = (attribute: number): IoctlMember[] => [
  u32('argsz', SIZE.attribute),
  u32('flags', 0),
  u32('attribute', attribute),
  u32('pad', 0),
];

/** How many MSI banks there are: the answer is what the call returns. */
export const getMsiBankCount = (dialect: Dialect, atLeast: number): ContainerIoctl => ({
  kind: 'ioctl',
  request: named(dialect, 'GET_MSI_BANK_COUNT'),
  number: NUMBER.getMsiBankCount,
  fields: [],
  atLeast,
  meaning: `the machine has at least ${atLeast} MSI bank${atLeast === 1 ? '' : 's'}`,
});

/** Sets the aperture. */
export const setGeometry = (dialect: Dialect, layout: Layout): ContainerIoctl => ({
  kind: 'ioctl',
  request: named(dialect, 'SET_ATTR'),
  number: NUMBER.setAttribute,
  fields: [
    ...attributeHead(ATTRIBUTE.geometry),
    u64('aperture_start', layout.first),
    u64('aperture_end', lastOfLayout(layout)),
  ],
  meaning: 'sets the aperture',
});

/** Asks for the aperture, which must be the one that was set. */
export const expectGeometry = (dialect: Dialect, layout: Layout): ContainerIoctl => ({
  kind: 'ioctl',
  request: named(dialect, 'GET_ATTR'),
  number: NUMBER.getAttribute,
  fields: [
    ...attributeHead(ATTRIBUTE.geometry),
    u64('aperture_start', 0n, layout.first),
    u64('aperture_end', 0n, lastOfLayout(layout)),
  ],
  meaning: 'the aperture is as it was set',
});

/** Behind the number of windows, which is the shortest of the union's members. */
const REST_OF_WINDOWS: readonly IoctlMember[] = [u32('unused_low', 0), u64('unused_high', 0n)];

/** Sets how many windows the aperture is cut into. */
export const setWindows = (dialect: Dialect, { windows }: Layout): ContainerIoctl => ({
  kind: 'ioctl',
  request: named(dialect, 'SET_ATTR'),
  number: NUMBER.setAttribute,
  fields: [...attributeHead(ATTRIBUTE.windows), u32('windows', windows), ...REST_OF_WINDOWS],
  meaning: `cuts the aperture into ${windows} window${windows === 1 ? '' : 's'}`,
});

/** Asks for the number of windows, which must be the one that was set. */
export const expectWindows = (dialect: Dialect, { windows }: Layout): ContainerIoctl => ({
  kind: 'ioctl',
  request: named(dialect, 'GET_ATTR'),
  number: NUMBER.getAttribute,
  fields: [...attributeHead(ATTRIBUTE.windows), u32('windows', 0, windows), ...REST_OF_WINDOWS],
  meaning: `the aperture has ${windows} window${windows === 1 ? '' : 's'}`,
});

/** Maps an MSI bank; the explicit dialect only. A device that interrupts writes there, and reads nothing. */
export const mapMsiBank = ({ bank, window, iova }: BankWindow): ContainerIoctl => ({
  kind: 'ioctl',
  request: named('explicit', 'MAP_MSI_BANK'),
  number: NUMBER.mapMsiBank,
  fields: [
    u32('argsz', SIZE.mapMsiBank),
    u32('flags', ACCESS.write),
    u32('msi_bank_index', bank),
    u32('pad', 0),
    u64('iova', iova),
  ],
  meaning: `maps MSI bank ${bank} into window ${window}`,
});

/** Takes an MSI bank away. */
export const unmapMsiBank = ({ bank, window, iova }: BankWindow): ContainerIoctl => ({
  kind: 'ioctl',
  request: named('explicit', 'UNMAP_MSI_BANK'),
  number: NUMBER.unmapMsiBank,
  fields: [u32('argsz', SIZE.unmapMsiBank), u32('flags', 0), u64('iova', iova)],
  meaning: `takes MSI bank ${bank} out of window ${window}`,
});
