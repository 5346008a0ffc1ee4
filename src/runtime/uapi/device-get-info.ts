import type { Fd, Kernel } from '../kernel/port.ts';
import { abiOf } from './abi.ts';
import { call, defineIoctl } from './ioctl.ts';
import { defineStruct } from './struct.ts';

export const DEVICE_GET_INFO = defineIoctl('VFIO_DEVICE_GET_INFO', 'device', 7, {
  EINVAL: 'The kernel expects a longer struct.',
  EIO: 'The device is gone.',
});

/** struct vfio_device_info. The kernel insists on the first 16 bytes only. */
export const DEVICE_INFO = defineStruct(24, {
  argsz: [0, 'u32'],
  flags: [4, 'u32'],
  numRegions: [8, 'u32'],
  numIrqs: [12, 'u32'],
  capOffset: [16, 'u32'],
});
export const DEVICE_FLAG = {
  reset: 1,
  pci: 2,
  platform: 4,
  amba: 8,
  ccw: 16,
  ap: 32,
  fslMc: 64,
  caps: 128,
  cdx: 256,
} as const;

export interface DeviceInfo {
  /** The bus whose driver serves it; `other` for one that vfio-compose does not know. */
  readonly bus: 'pci' | 'platform' | 'amba' | 'other';
  /** Whether VFIO_DEVICE_RESET works. */
  readonly canReset: boolean;
  readonly regions: number;
  readonly irqs: number;
}

export function getDeviceInfo(kernel: Kernel, device: Fd): DeviceInfo {
  const abi = abiOf(kernel.architecture);
  const argument = DEVICE_INFO.encode(abi, { argsz: DEVICE_INFO.size });
  call(kernel, DEVICE_GET_INFO, device, argument);
  const { flags, numRegions, numIrqs } = DEVICE_INFO.read(abi, argument);
  const has = (flag: number) => (flags & flag) !== 0;
  return {
    bus: has(DEVICE_FLAG.pci)
      ? 'pci'
      : has(DEVICE_FLAG.platform)
        ? 'platform'
        : has(DEVICE_FLAG.amba)
          ? 'amba'
          : 'other',
    canReset: has(DEVICE_FLAG.reset),
    regions: numRegions,
    irqs: numIrqs,
  };
}
