import type { Fd, Kernel } from '../kernel/port.ts';
import { callLong, defineIoctl } from './ioctl.ts';

export const DEVICE_RESET = defineIoctl('VFIO_DEVICE_RESET', 'device', 11, {
  EINVAL:
    'The function has no reset of its own that works. Where that is acceptable, say `reset: preferred` or `reset: none` for it.',
  EAGAIN: 'Somebody else is just configuring the device. Try again.',
  ENOTTY: 'The device did not come back from its reset, or has none.',
});

/** Resets the function. Off the main thread: a device may take seconds to come back. */
export async function resetDevice(kernel: Kernel, device: Fd): Promise<void> {
  await callLong(kernel, DEVICE_RESET, device, null);
}
