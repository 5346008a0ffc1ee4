import type { DeviceRef } from '../../model/index.ts';
import { type Kernel, KernelError } from '../kernel/port.ts';

/** The sysfs files that a plan may write. Every path that the executor touches under /sys is made here. */
export const sysfs = {
  driverLink: (device: DeviceRef): string => `/sys/bus/${device.bus}/devices/${device.address}/driver`,
  groupLink: (device: DeviceRef): string => `/sys/bus/${device.bus}/devices/${device.address}/iommu_group`,
  driverOverride: (device: DeviceRef): string => `/sys/bus/${device.bus}/devices/${device.address}/driver_override`,
  bind: (device: DeviceRef, driver: string): string => `/sys/bus/${device.bus}/drivers/${driver}/bind`,
  unbind: (device: DeviceRef, driver: string): string => `/sys/bus/${device.bus}/drivers/${driver}/unbind`,
  hugePages: (pageSize: bigint): string => `/sys/kernel/mm/hugepages/hugepages-${pageSize >> 10n}kB/nr_hugepages`,
  vfCount: (device: DeviceRef): string => `/sys/bus/${device.bus}/devices/${device.address}/sriov_numvfs`,
  vfAutoprobe: (device: DeviceRef): string =>
    `/sys/bus/${device.bus}/devices/${device.address}/sriov_drivers_autoprobe`,
  vfLink: (device: DeviceRef, index: number): string =>
    `/sys/bus/${device.bus}/devices/${device.address}/virtfn${index}`,
  module: (module: string): string => `/sys/module/${module.replaceAll('-', '_')}`,
  parameter: (module: string, parameter: string): string =>
    `/sys/module/${module.replaceAll('-', '_')}/parameters/${parameter}`,
} as const;

/** The node of a group that no-IOMMU mode made up. */
export const noiommuNode = (group: number): string => `/dev/vfio/noiommu-${group}`;

/** The last part of a path or of a link's target. */
export const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** The driver that a device is bound to; null for none. Throws {@link KernelError} where the device itself is gone. */
export function boundDriver(kernel: Kernel, device: DeviceRef): string | null {
  try {
    return baseName(kernel.readlink(sysfs.driverLink(device)));
  } catch (error) {
    const gone = error instanceof KernelError && error.code === 'ENOENT';
    if (gone && kernel.exists(sysfs.driverOverride(device))) return null;
    throw error;
  }
}

/** A device's IOMMU group; null where it has none. */
export function groupOf(kernel: Kernel, device: DeviceRef): number | null {
  try {
    return Number(baseName(kernel.readlink(sysfs.groupLink(device))));
  } catch (error) {
    if (error instanceof KernelError) return null;
    throw error;
  }
}

/** A device's driver override; null where none is set (the kernel prints `(null)`). */
export function driverOverride(kernel: Kernel, device: DeviceRef): string | null {
  const text = kernel.readFile(sysfs.driverOverride(device)).trim();
  return text === '(null)' || text === '' ? null : text;
}
