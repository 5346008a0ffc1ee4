import type { Fd, Kernel } from '../kernel/port.ts';
import { callLong, defineIoctl } from './ioctl.ts';

export const GROUP_GET_DEVICE_FD = defineIoctl('VFIO_GROUP_GET_DEVICE_FD', 'group', 6, {
  EINVAL:
    'The group is in no container, or the container has no IOMMU yet; or a VF token was given that the device does not need; or, for a platform device, the kernel insists on a reset and has no working reset handler for it.',
  ENODEV: 'No device of that name in this group is bound to a VFIO driver.',
  EACCES: 'The device needs a VF token: its physical function is on a VFIO driver too.',
  EPERM: 'No-IOMMU mode needs CAP_SYS_RAWIO.',
  EAGAIN: 'The device could not be reset now, because somebody else is just configuring it. Try again.',
  ETIMEDOUT: 'The reset handler of the device, which runs when it is opened, found that it does not become quiet.',
  EIO: 'The device does not answer; it may be stuck in a deep power state. See the kernel log.',
});

/** The argument: the device's name on its bus as a C string. */
export const encodeDeviceName = (name: string): Buffer => Buffer.from(`${name}\0`, 'utf8');

/** The name in a buffer made by {@link encodeDeviceName}; undefined where its end is missing. */
export function decodeDeviceName(buffer: Buffer): string | undefined {
  const end = buffer.indexOf(0);
  return end < 0 ? undefined : buffer.toString('utf8', 0, end);
}

/**
 * Opens a device by its name on the bus (`0000:65:00.0`, `fff51000.ethernet`) and returns its descriptor. Off the main thread: the first
 * open resets the device, which can take seconds (drivers/vfio/pci/vfio_pci_core.c).
 */
export const getDeviceFd = (kernel: Kernel, group: Fd, name: string): Promise<Fd> =>
  callLong(kernel, GROUP_GET_DEVICE_FD, group, encodeDeviceName(name));
