import { EXTENSION } from '../../uapi/check-extension.ts';
import { CAP_HEADER } from '../../uapi/capability-chain.ts';
import {
  DMA_AVAIL_CAP,
  IOMMU_GET_INFO,
  IOVA_RANGE,
  IOVA_RANGE_CAP,
  MIGRATION_CAP,
  TYPE1_CAP,
  TYPE1_INFO,
  TYPE1_INFO_FLAG,
} from '../../uapi/iommu-get-info.ts';
import { DMA_MAP, DMA_MAP_FLAG, IOMMU_MAP_DMA } from '../../uapi/iommu-map-dma.ts';
import { DMA_UNMAP, DMA_UNMAP_FLAG, IOMMU_UNMAP_DMA } from '../../uapi/iommu-unmap-dma.ts';
import { abiOf, type Abi } from '../../uapi/abi.ts';
import { structArgument } from './argument.ts';
import { INFO_MINIMUM, infoBytes } from './info-struct.ts';
import { refuse } from './refusal.ts';
import type { Behaviour } from './release.ts';
import type { IommuBackend } from './state.ts';
import type { Type1 } from './type1.ts';

/** `DIRTY_BITMAP_SIZE_MAX` of drivers/vfio/vfio_iommu_type1.c. */
const MAX_BITMAP = 1n << 28n;

/** The ioctls of a container with the type 1 IOMMU: from bytes to calls of {@link Type1} and back. */
export function type1Backend(type1: Type1, architecture: string, behaviour: Behaviour): IommuBackend {
  const abi = abiOf(architecture);
  const numbers = {
    info: IOMMU_GET_INFO.request(architecture).number,
    map: IOMMU_MAP_DMA.request(architecture).number,
    unmap: IOMMU_UNMAP_DMA.request(architecture).number,
  };
  return {
    attach: (group) => type1.attach(group),
    detach: (group) => type1.detach(group),
    release: () => type1.release(),
    checkExtension(extension) {
      if (extension === EXTENSION.dmaCacheCoherent) return type1.enforcesCoherency ? 1 : 0;
      return type1Extension(behaviour, extension, true);
    },
    ioctl(number, argument) {
      if (number === numbers.map) return map(type1, abi, structArgument(argument, DMA_MAP.size));
      if (number === numbers.unmap) return unmap(type1, abi, structArgument(argument, DMA_UNMAP.size));
      if (number === numbers.info) return getInfo(type1, abi, behaviour, structArgument(argument, INFO_MINIMUM));
      return undefined;
    },
  };
}

/** VFIO_CHECK_EXTENSION as the backend answers it, on its own or for a container that it serves. */
export function type1Extension(behaviour: Behaviour, extension: number, serves: boolean): number {
  if (extension === EXTENSION.type1 || extension === EXTENSION.type1v2 || extension === EXTENSION.unmapAll) return 1;
  if (extension === EXTENSION.nesting) return behaviour.nesting ? 1 : 0;
  return serves && extension === EXTENSION.updateVaddr ? 1 : 0;
}

function map(type1: Type1, abi: Abi, argument: Buffer): number {
  const { argsz, flags, vaddr, iova, size } = DMA_MAP.read(abi, argument);
  const known = DMA_MAP_FLAG.read | DMA_MAP_FLAG.write | DMA_MAP_FLAG.vaddr;
  if (argsz < DMA_MAP.size || (flags & ~known) !== 0) refuse('EINVAL');
  const access = flags & (DMA_MAP_FLAG.read | DMA_MAP_FLAG.write);
  type1.map({ vaddr, iova, size, access, updatesAddress: (flags & DMA_MAP_FLAG.vaddr) !== 0 });
  return 0;
}

function unmap(type1: Type1, abi: Abi, argument: Buffer): number {
  const { argsz, flags, iova, size } = DMA_UNMAP.read(abi, argument);
  const known = DMA_UNMAP_FLAG.getDirtyBitmap | DMA_UNMAP_FLAG.all | DMA_UNMAP_FLAG.vaddr;
  if (argsz < DMA_UNMAP.size || (flags & ~known) !== 0) refuse('EINVAL');
  // Dirty tracking is never on here, and then the kernel refuses to report it.
  if ((flags & DMA_UNMAP_FLAG.getDirtyBitmap) !== 0) refuse('EINVAL');
  const all = (flags & DMA_UNMAP_FLAG.all) !== 0;
  const bytes = type1.unmap({ iova, size, all, takesAddress: (flags & DMA_UNMAP_FLAG.vaddr) !== 0 });
  DMA_UNMAP.write(abi, argument, { size: bytes & 0xffff_ffff_ffff_ffffn });
  return 0;
}

/** The capabilities in the kernel's order. */
function capabilities(type1: Type1, abi: Abi, { padsInfo }: Behaviour): Buffer[] {
  const smallest = type1.pageSizes & -type1.pageSizes;
  const migration = MIGRATION_CAP.encode(abi, { flags: 0, pageSizes: smallest, maxBitmapSize: MAX_BITMAP });
  const available = DMA_AVAIL_CAP.encode(abi, { available: type1.available }, padsInfo ? 4 : 0);
  const { ranges } = type1;
  const list = IOVA_RANGE_CAP.encode(abi, { count: ranges.length }, ranges.length * IOVA_RANGE.size);
  ranges.forEach((range, i) => IOVA_RANGE.write(abi, list, range, IOVA_RANGE_CAP.size + i * IOVA_RANGE.size));
  CAP_HEADER.write(abi, migration, { id: TYPE1_CAP.migration, version: 1 });
  CAP_HEADER.write(abi, available, { id: TYPE1_CAP.dmaAvail, version: 1 });
  CAP_HEADER.write(abi, list, { id: TYPE1_CAP.iovaRange, version: 1 });
  return ranges.length > 0 ? [migration, available, list] : [migration, available];
}

function getInfo(type1: Type1, abi: Abi, behaviour: Behaviour, argument: Buffer): number {
  const { argsz } = TYPE1_INFO.read(abi, argument);
  if (argsz < INFO_MINIMUM) refuse('EINVAL');
  const caps = capabilities(type1, abi, behaviour);
  const needed = caps.reduce((sum, cap) => sum + cap.length, TYPE1_INFO.size);
  const fits = argsz >= needed;
  if (fits && argument.length < needed) refuse('EFAULT');
  const info = TYPE1_INFO.encode(abi, {
    argsz: fits ? argsz : needed,
    flags: TYPE1_INFO_FLAG.pageSizes | TYPE1_INFO_FLAG.caps,
    pageSizes: type1.pageSizes,
    capOffset: fits ? TYPE1_INFO.size : 0,
  });
  info.copy(argument, 0, 0, infoBytes(behaviour, argsz));
  if (!fits) return 0;
  let at = TYPE1_INFO.size;
  caps.forEach((cap, i) => {
    const next = i + 1 < caps.length ? at + cap.length : 0;
    CAP_HEADER.write(abi, cap, { next });
    cap.copy(argument, at);
    at += cap.length;
  });
  return 0;
}
