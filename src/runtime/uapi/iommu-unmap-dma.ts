import { bytes, type Bytes, type Iova } from '../../model/address.ts';
import type { Fd, Kernel } from '../kernel/port.ts';
import { abiOf, type Abi } from './abi.ts';
import { defineIoctl } from './ioctl.ts';
import { defineStruct, viewOf } from './struct.ts';

export const IOMMU_UNMAP_DMA = defineIoctl('VFIO_IOMMU_UNMAP_DMA', 'container', 14, {
  EINVAL:
    'The IOMMU of the container is not set yet; or the range is not a multiple of the page size; or it would cut a mapping in two.',
  EOVERFLOW: 'The range wraps around the end of the address space.',
  EBUSY: 'A mediated device still uses the mapping.',
});

/** struct vfio_iommu_type1_dma_unmap, without the bitmap of dirty tracking. `size` is also the kernel's answer. */
export const DMA_UNMAP = defineStruct(24, {
  argsz: [0, 'u32'],
  flags: [4, 'u32'],
  iova: [8, 'u64'],
  size: [16, 'u64'],
});
export const DMA_UNMAP_FLAG = { getDirtyBitmap: 1, all: 2, vaddr: 4 } as const;

const { fields } = DMA_UNMAP;

function fill(view: DataView, abi: Abi, first: Iova, size: Bytes): void {
  const little = abi.littleEndian;
  view.setUint32(fields.argsz[0], DMA_UNMAP.size, little);
  view.setUint32(fields.flags[0], 0, little);
  view.setBigUint64(fields.iova[0], first, little);
  view.setBigUint64(fields.size[0], size, little);
}

const unmapped = (view: DataView, abi: Abi): Bytes => bytes(view.getBigUint64(fields.size[0], abi.littleEndian));

/** One argument for all synchronous calls, as for mapping. */
let scratch: { readonly buffer: Buffer; readonly view: DataView } | undefined;

/**
 * Removes the mappings in a range and unpins their memory. Returns how many bytes were mapped there: the kernel
 * succeeds with 0 where nothing was.
 */
export function unmapDma(kernel: Kernel, container: Fd, first: Iova, size: Bytes): Bytes {
  if (!scratch) {
    const buffer = Buffer.alloc(DMA_UNMAP.size);
    scratch = { buffer, view: viewOf(buffer) };
  }
  const abi = abiOf(kernel.architecture);
  fill(scratch.view, abi, first, size);
  kernel.ioctl(container, IOMMU_UNMAP_DMA.request(kernel.architecture), scratch.buffer);
  return unmapped(scratch.view, abi);
}

/** The same off the main thread. */
export async function unmapDmaLong(kernel: Kernel, container: Fd, first: Iova, size: Bytes): Promise<Bytes> {
  const abi = abiOf(kernel.architecture);
  const buffer = Buffer.alloc(DMA_UNMAP.size);
  const view = viewOf(buffer);
  fill(view, abi, first, size);
  await kernel.ioctlLong(container, IOMMU_UNMAP_DMA.request(kernel.architecture), buffer);
  return unmapped(view, abi);
}
