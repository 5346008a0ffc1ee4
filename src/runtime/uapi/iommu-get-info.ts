import { iova, type IovaRange } from '../../model/address.ts';
import type { Fd, Kernel } from '../kernel/port.ts';
import { abiOf, type Abi } from './abi.ts';
import { MalformedAnswer, walkCapabilities, withRoomForCapabilities } from './capability-chain.ts';
import { call, defineIoctl } from './ioctl.ts';
import { defineStruct } from './struct.ts';

export const IOMMU_GET_INFO = defineIoctl('VFIO_IOMMU_GET_INFO', 'container', 12, {
  EINVAL: 'The IOMMU of the container is not set yet.',
});

/** struct vfio_iommu_type1_info. The kernel insists on the first 16 bytes only. */
export const TYPE1_INFO = defineStruct(24, {
  argsz: [0, 'u32'],
  flags: [4, 'u32'],
  pageSizes: [8, 'u64'],
  capOffset: [16, 'u32'],
});
export const TYPE1_INFO_FLAG = { pageSizes: 1, caps: 2 } as const;
export const TYPE1_CAP = { iovaRange: 1, migration: 2, dmaAvail: 3 } as const;
/** struct vfio_iommu_type1_info_cap_iova_range; the ranges follow it. */
export const IOVA_RANGE_CAP = defineStruct(16, { count: [8, 'u32'] });
/** struct vfio_iova_range: both ends belong to it. */
export const IOVA_RANGE = defineStruct(16, { first: [0, 'u64'], last: [8, 'u64'] });
/** struct vfio_iommu_type1_info_cap_migration. */
export const MIGRATION_CAP = defineStruct(32, {
  flags: [8, 'u32'],
  pageSizes: [16, 'u64'],
  maxBitmapSize: [24, 'u64'],
});
/** struct vfio_iommu_type1_info_dma_avail. */
export const DMA_AVAIL_CAP = defineStruct(12, { available: [8, 'u32'] });

export interface IommuInfo {
  /** One bit for each page size that can be mapped. */
  readonly pageSizes: bigint;
  /** Where mappings may lie, sorted by the kernel; null where it does not say (before Linux 5.4). */
  readonly ranges: readonly IovaRange[] | null;
  /** How many more mappings the container takes; null where the kernel does not say (before Linux 5.10). */
  readonly mappingsLeft: number | null;
  /** Page sizes of dirty tracking, and the longest bitmap in bytes; null where there is none. */
  readonly migration: { readonly pageSizes: bigint; readonly maxBitmapSize: bigint } | null;
}

function iovaRanges(abi: Abi, buffer: Buffer, at: number): IovaRange[] {
  const { count } = IOVA_RANGE_CAP.read(abi, buffer, at);
  if (at + IOVA_RANGE_CAP.size + count * IOVA_RANGE.size > buffer.length) {
    throw new MalformedAnswer(`${count} IOVA ranges do not fit the answer`);
  }
  return Array.from({ length: count }, (_, i) => {
    const { first, last } = IOVA_RANGE.read(abi, buffer, at + IOVA_RANGE_CAP.size + i * IOVA_RANGE.size);
    return { first: iova(first), last: iova(last) };
  });
}

/** What the container's IOMMU can map. The ranges shrink with every group that joins: ask after the last. */
export function getIommuInfo(kernel: Kernel, container: Fd): IommuInfo {
  const abi = abiOf(kernel.architecture);
  const argument = withRoomForCapabilities(
    TYPE1_INFO.size,
    (argsz) => TYPE1_INFO.encode(abi, { argsz }, argsz - TYPE1_INFO.size),
    (buffer) => call(kernel, IOMMU_GET_INFO, container, buffer),
    (buffer) => TYPE1_INFO.read(abi, buffer).argsz,
  );
  const { flags, pageSizes, capOffset } = TYPE1_INFO.read(abi, argument);
  let ranges: IovaRange[] | null = null;
  let mappingsLeft: number | null = null;
  let migration: IommuInfo['migration'] = null;
  if (flags & TYPE1_INFO_FLAG.caps) {
    walkCapabilities(abi, argument, capOffset, (id, at) => {
      if (id === TYPE1_CAP.iovaRange) ranges = iovaRanges(abi, argument, at);
      if (id === TYPE1_CAP.dmaAvail) mappingsLeft = DMA_AVAIL_CAP.read(abi, argument, at).available;
      if (id === TYPE1_CAP.migration) {
        const cap = MIGRATION_CAP.read(abi, argument, at);
        migration = { pageSizes: cap.pageSizes, maxBitmapSize: cap.maxBitmapSize };
      }
    });
  }
  return { pageSizes: flags & TYPE1_INFO_FLAG.pageSizes ? pageSizes : 0n, ranges, mappingsLeft, migration };
}
