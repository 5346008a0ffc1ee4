import { abiOf } from '../../uapi/abi.ts';
import type { SimHost } from './host.ts';
import { checkPlatformMapping, readPlatform, writePlatform } from './platform-regions.ts';
import { refuse } from './refusal.ts';
import { checkMapping, readRegion, writeRegion } from './regions.ts';
import type { VfioDevice } from './state.ts';

/** pread, pwrite and mmap of a device's descriptor: each bus has its own. */
export class DeviceFile {
  constructor(private readonly host: SimHost) {}

  read(device: VfioDevice, length: number, position: bigint): Buffer {
    if (device.kind === 'pci') return readRegion(device, length, position);
    return readPlatform(abiOf(this.host.inventory.kernel.architecture), device, length, position);
  }

  write(device: VfioDevice, data: Buffer, position: bigint): void {
    if (device.kind === 'pci') writeRegion(device, data, position);
    else writePlatform(abiOf(this.host.inventory.kernel.architecture), device, data, position);
  }

  /** Whether the kernel maps so much of it from there. The length is in whole pages, as mmap(2) makes it. */
  checkMapping(device: VfioDevice, position: bigint, length: bigint): void {
    const { pageSize } = this.host;
    if (length <= 0n) refuse('EINVAL');
    const whole = ((length + pageSize - 1n) / pageSize) * pageSize;
    if (device.kind === 'pci') checkMapping(device, pageSize, position, whole);
    else checkPlatformMapping(device, position, whole);
  }
}
