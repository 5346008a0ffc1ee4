import type { Abi } from '../../uapi/abi.ts';
import { REGION_FLAG } from '../../uapi/device-get-region-info.ts';
import { viewOf } from '../../uapi/struct.ts';
import { refuse } from './refusal.ts';
import { accesses, type Place, splitPosition } from './regions.ts';
import type { PlatformVfioDevice } from './state.ts';

/** `vfio_platform_read` and `_write`: what runs over the end of a region is cut off there; ports are not implemented. */
function locate(device: PlatformVfioDevice, length: number, position: bigint): Place {
  if (position < 0n) refuse('EINVAL');
  const { index, offset } = splitPosition(position);
  const region = device.regions[index];
  if (!region || (region.flags & REGION_FLAG.read) === 0 || offset >= region.size) return refuse('EINVAL');
  const left = region.size - offset;
  return { index, offset, length: BigInt(length) < left ? length : Number(left) };
}

/**
 * pread of a platform device's file. A register is little-endian, what the caller gets of it is the number in the byte
 * order of the machine: ioread32, then a copy of a u32 (drivers/vfio/platform/vfio_platform_common.c).
 */
export function readPlatform(abi: Abi, device: PlatformVfioDevice, length: number, position: bigint): Buffer {
  if (length === 0) return Buffer.alloc(0);
  const place = locate(device, length, position);
  const result = Buffer.alloc(place.length);
  const view = viewOf(result);
  for (const { at, width } of accesses(place)) {
    const value = Number(
      BigInt.asUintN(width * 8, device.device.registers.read(place.index, place.offset + BigInt(at), width)),
    );
    if (width === 4) view.setUint32(at, value, abi.littleEndian);
    else if (width === 2) view.setUint16(at, value, abi.littleEndian);
    else view.setUint8(at, value);
  }
  return result;
}

/** pwrite of a platform device's file. What runs over the end of a region is written up to there, then the next write fails. */
export function writePlatform(abi: Abi, device: PlatformVfioDevice, data: Buffer, position: bigint): void {
  const view = viewOf(data);
  const valueAt = (at: number, width: number): number => {
    if (width === 4) return view.getUint32(at, abi.littleEndian);
    return width === 2 ? view.getUint16(at, abi.littleEndian) : view.getUint8(at);
  };
  for (let done = 0; done < data.length;) {
    const place = locate(device, data.length - done, position + BigInt(done));
    for (const { at, width } of accesses(place)) {
      const value = BigInt(valueAt(done + at, width));
      device.device.registers.write(place.index, place.offset + BigInt(at), width, value);
    }
    done += place.length;
  }
}

/** mmap of a platform device's file: whole pages of one region (`vfio_platform_mmap`). */
export function checkPlatformMapping(device: PlatformVfioDevice, position: bigint, length: bigint): void {
  const { index, offset } = splitPosition(position);
  const region = device.regions[index];
  if (!region || (region.flags & REGION_FLAG.mmap) === 0 || offset + length > region.size) refuse('EINVAL');
}
