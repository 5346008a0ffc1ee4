import type { Fd, Kernel } from '../kernel/port.ts';
import { callLong, defineIoctl } from './ioctl.ts';

export const DEVICE_RESET = defineIoctl('VFIO_DEVICE_RESET', 'device', 11, {
  EINVAL:
    'The device has no reset that works: a PCI function none of its own, a platform device no reset handler in the kernel for its first "compatible". Where that is acceptable, say `reset: preferred` or `reset: none` for it.',
  EAGAIN: 'Somebody else is just configuring the device. Try again.',
  ETIMEDOUT: 'The device did not become quiet in the time that its reset handler gives it.',
  ENOTTY: 'The device did not come back from its reset, or has none.',
});

/** Resets the device. Off the main thread: a device may take seconds to come back. */
export async function resetDevice(kernel: Kernel, device: Fd): Promise<void> {
  await callLong(kernel, DEVICE_RESET, device, null);
}
