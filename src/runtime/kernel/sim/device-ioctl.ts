import type { FileTable } from './file-table.ts';
import type { SimHost } from './host.ts';
import { pciIoctl } from './pci-ioctl.ts';
import { platformIoctl } from './platform-ioctl.ts';
import type { VfioDevice } from './state.ts';

export type DeviceIoctl = (device: VfioDevice, number: number, argument: Buffer | number | null) => number;

/** The ioctls of a device's descriptor: each bus has its own. */
export function deviceIoctl(host: SimHost, files: FileTable): DeviceIoctl {
  const pci = pciIoctl(host, files);
  const platform = platformIoctl(host, files);
  return (device, number, argument) =>
    device.kind === 'pci' ? pci(device, number, argument) : platform(device, number, argument);
}
