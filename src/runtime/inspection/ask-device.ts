import type { DeviceRef } from '../../model/index.ts';
import { groupOf, noiommuNode } from '../executor/sysfs.ts';
import type { Fd, Kernel } from '../kernel/port.ts';
import {
  checkExtension,
  type DeviceInfo,
  EXTENSION,
  getDeviceFd,
  getDeviceInfo,
  getIrqInfo,
  getRegionInfo,
  type IrqInfo,
  type RegionInfo,
  setContainer,
  setIommu,
} from '../uapi/index.ts';

/** What the kernel says about an open device. */
export interface DeviceAnswer {
  readonly info: DeviceInfo;
  readonly regions: readonly RegionInfo[];
  readonly irqs: readonly IrqInfo[];
}

/** More of either are not asked for: no device has them, and a broken answer must not keep us busy. */
const MOST = 4096;

/** The node of the group that a device is in while it is bound to VFIO; null while it is in none. */
export function groupNodeOf(kernel: Kernel, device: DeviceRef): string | null {
  const group = groupOf(kernel, device);
  if (group === null) return null;
  const unsafe = noiommuNode(group);
  return kernel.exists(unsafe) ? unsafe : `/dev/vfio/${group}`;
}

/**
 * Opens a device that is bound to VFIO, in a container of its own, asks what it has, and closes everything again. The first
 * open of a platform device resets it where the kernel can (vfio_platform_open_device in
 * drivers/vfio/platform/vfio_platform_common.c). Throws `KernelError`; EBUSY where somebody else has the group open.
 */
export async function askDevice(kernel: Kernel, device: DeviceRef, node: string): Promise<DeviceAnswer> {
  const open: Fd[] = [];
  const keep = (fd: Fd): Fd => {
    open.push(fd);
    return fd;
  };
  try {
    // The group first: it is what somebody else may have, and a container alone would tell nothing.
    const group = keep(kernel.open(node, 'read-write'));
    const container = keep(kernel.open('/dev/vfio/vfio', 'read-write'));
    setContainer(kernel, group, container);
    setIommu(kernel, container, backendOf(kernel, container, node));
    const fd = keep(await getDeviceFd(kernel, group, device.address));
    const info = getDeviceInfo(kernel, fd);
    const count = (number: number) => Array.from({ length: Math.min(number, MOST) }, (_, index) => index);
    return {
      info,
      regions: count(info.regions).map((index) => getRegionInfo(kernel, fd, index)),
      irqs: count(info.irqs).map((index) => getIrqInfo(kernel, fd, index)),
    };
  } finally {
    for (const fd of open.reverse()) kernel.close(fd);
  }
}

function backendOf(kernel: Kernel, container: Fd, node: string): 'noiommu' | 'type1v2' | 'type1' {
  if (node.startsWith(noiommuNode(0).slice(0, -1))) return 'noiommu';
  return checkExtension(kernel, container, EXTENSION.type1v2) > 0 ? 'type1v2' : 'type1';
}
