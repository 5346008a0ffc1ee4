import type { Fd, Kernel } from '../kernel/port.ts';
import { abiOf, type Abi } from './abi.ts';
import { MalformedAnswer, walkCapabilities, withRoomForCapabilities } from './capability-chain.ts';
import { call, defineIoctl } from './ioctl.ts';
import { defineStruct } from './struct.ts';

export const DEVICE_GET_REGION_INFO = defineIoctl('VFIO_DEVICE_GET_REGION_INFO', 'device', 8, {
  EINVAL: 'The device has no region of that index.',
});

/** struct vfio_region_info. */
export const REGION_INFO = defineStruct(32, {
  argsz: [0, 'u32'],
  flags: [4, 'u32'],
  index: [8, 'u32'],
  capOffset: [12, 'u32'],
  size: [16, 'u64'],
  offset: [24, 'u64'],
});
export const REGION_FLAG = { read: 1, write: 2, mmap: 4, caps: 8 } as const;
/** Region capabilities: the parts that may be mapped, and that the BAR with the MSI-X table may be. */
export const REGION_CAP = { sparseMmap: 1, type: 2, msixMappable: 3 } as const;
/** Region indices of vfio-pci. BAR n is n. */
export const PCI_REGION = { bar0: 0, bar5: 5, rom: 6, config: 7, vga: 8, count: 9 } as const;

const SPARSE = defineStruct(16, { areas: [8, 'u32'] });
const AREA = defineStruct(16, { offset: [0, 'u64'], size: [8, 'u64'] });

export interface RegionInfo {
  readonly index: number;
  /** 0 where the device does not have the region. */
  readonly size: bigint;
  /** Where the region begins in the device file: the base of every pread and pwrite. Not to be guessed from the index. */
  readonly offset: bigint;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly mappable: boolean;
  /** The parts that may be mapped; null where the whole region may. */
  readonly mappableAreas: readonly { readonly offset: bigint; readonly size: bigint }[] | null;
}

function sparseAreas(abi: Abi, buffer: Buffer, at: number): { offset: bigint; size: bigint }[] {
  const { areas } = SPARSE.read(abi, buffer, at);
  if (at + SPARSE.size + areas * AREA.size > buffer.length)
    throw new MalformedAnswer(`${areas} areas do not fit the answer`);
  return Array.from({ length: areas }, (_, i) => AREA.read(abi, buffer, at + SPARSE.size + i * AREA.size));
}

export function getRegionInfo(kernel: Kernel, device: Fd, index: number): RegionInfo {
  const abi = abiOf(kernel.architecture);
  const argument = withRoomForCapabilities(
    REGION_INFO.size,
    (argsz) => REGION_INFO.encode(abi, { argsz, index }, argsz - REGION_INFO.size),
    (buffer) => call(kernel, DEVICE_GET_REGION_INFO, device, buffer),
    (buffer) => REGION_INFO.read(abi, buffer).argsz,
  );
  const { flags, size, offset, capOffset } = REGION_INFO.read(abi, argument);
  const has = (flag: number) => (flags & flag) !== 0;
  let mappableAreas: RegionInfo['mappableAreas'] = null;
  if (has(REGION_FLAG.caps)) {
    walkCapabilities(abi, argument, capOffset, (id, at) => {
      if (id === REGION_CAP.sparseMmap) mappableAreas = sparseAreas(abi, argument, at);
    });
  }
  return {
    index,
    size,
    offset,
    readable: has(REGION_FLAG.read),
    writable: has(REGION_FLAG.write),
    mappable: has(REGION_FLAG.mmap),
    mappableAreas,
  };
}
