import type { Bytes, Iova } from '../../model/address.ts';
import type { Fd, Kernel } from '../kernel/port.ts';
import { abiOf, type Abi } from './abi.ts';
import { defineIoctl } from './ioctl.ts';
import { defineStruct, viewOf } from './struct.ts';

export const IOMMU_MAP_DMA = defineIoctl('VFIO_IOMMU_MAP_DMA', 'container', 13, {
  EINVAL:
    'The IOMMU of the container is not set yet; or an address or the size is not a multiple of the page size; or the range lies outside what the IOMMU can map or on a reserved region.',
  EOVERFLOW: 'The range wraps around the end of the address space.',
  EEXIST: 'A part of the range is mapped already. Mappings may touch, not overlap.',
  ENOSPC:
    'The container has as many mappings as it may have. Use fewer and larger ones, or raise vfio_iommu_type1.dma_entry_limit.',
  ENOMEM:
    'The memory cannot be pinned: RLIMIT_MEMLOCK is used up, or the host has no free memory. Raise the limit (ulimit -l, LimitMEMLOCK=) or give the process CAP_IPC_LOCK.',
  EFAULT: 'A part of the memory is not there (any more).',
});

/** struct vfio_iommu_type1_dma_map. */
export const DMA_MAP = defineStruct(32, {
  argsz: [0, 'u32'],
  flags: [4, 'u32'],
  vaddr: [8, 'u64'],
  iova: [16, 'u64'],
  size: [24, 'u64'],
});
/** As the device sees it: it may read, it may write. `vaddr` only updates the address of a mapping. */
export const DMA_MAP_FLAG = { read: 1, write: 2, vaddr: 4 } as const;

export interface DmaMapping {
  /** Where the memory is in this process. */
  readonly vaddr: bigint;
  readonly iova: Iova;
  readonly size: Bytes;
  /** Whether the device may read the memory. */
  readonly read: boolean;
  /** Whether the device may write it. */
  readonly write: boolean;
}

const { fields } = DMA_MAP;

function fill(view: DataView, abi: Abi, mapping: DmaMapping): void {
  const little = abi.littleEndian;
  view.setUint32(fields.argsz[0], DMA_MAP.size, little);
  view.setUint32(
    fields.flags[0],
    (mapping.read ? DMA_MAP_FLAG.read : 0) | (mapping.write ? DMA_MAP_FLAG.write : 0),
    little,
  );
  view.setBigUint64(fields.vaddr[0], mapping.vaddr, little);
  view.setBigUint64(fields.iova[0], mapping.iova, little);
  view.setBigUint64(fields.size[0], mapping.size, little);
}

/** One argument for all synchronous calls: a plan may make tens of thousands, and each is over before the next begins. */
let scratch: { readonly buffer: Buffer; readonly view: DataView } | undefined;

/** Pins the memory and lets the devices of the container reach it. */
export function mapDma(kernel: Kernel, container: Fd, mapping: DmaMapping): void {
  if (!scratch) {
    const buffer = Buffer.alloc(DMA_MAP.size);
    scratch = { buffer, view: viewOf(buffer) };
  }
  fill(scratch.view, abiOf(kernel.architecture), mapping);
  kernel.ioctl(container, IOMMU_MAP_DMA.request(kernel.architecture), scratch.buffer);
}

/** The same off the main thread: pinning takes about a second for each few gigabytes. */
export async function mapDmaLong(kernel: Kernel, container: Fd, mapping: DmaMapping): Promise<void> {
  const buffer = Buffer.alloc(DMA_MAP.size);
  fill(viewOf(buffer), abiOf(kernel.architecture), mapping);
  await kernel.ioctlLong(container, IOMMU_MAP_DMA.request(kernel.architecture), buffer);
}
