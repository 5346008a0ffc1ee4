import { PCI_REGION } from '../../uapi/device-get-region-info.ts';
import type { PciResource } from '../../../model/inventory.ts';
import { refuse } from './refusal.ts';
import type { PciVfioDevice } from './state.ts';

/** `VFIO_PCI_OFFSET_SHIFT` of drivers/vfio/pci, and vfio-platform's: where a region begins in the device file. */
const SHIFT = 40n;

export const regionOffset = (index: number): bigint => BigInt(index) << SHIFT;

export const resourceOf = (device: PciVfioDevice, index: number): PciResource | undefined =>
  device.device.info.resources.find((resource) => resource.index === index && resource.size > 0n);

/** What of a device's file is mapped. */
export interface MappedPart {
  readonly index: number;
  readonly offset: bigint;
}

/** The region that a position of the device file lies in, and where in it. */
export const splitPosition = (position: bigint): MappedPart => ({
  index: Number(position >> SHIFT),
  offset: position & ((1n << SHIFT) - 1n),
});

/** Where an access goes. */
export interface Place extends MappedPart {
  /** How much of what was asked for lies inside the region. */
  readonly length: number;
}

/** Which region a position of the device file lies in; the kernel shortens an access that runs over a BAR's end. */
function locate(device: PciVfioDevice, position: bigint, length: number): Place {
  if (position < 0n) refuse('EINVAL');
  const { index, offset } = splitPosition(position);
  if (index >= PCI_REGION.count) refuse('EINVAL');
  if (index === PCI_REGION.config) {
    if (offset >= BigInt(device.config.size) || offset + BigInt(length) > BigInt(device.config.size)) refuse('EFAULT');
    return { index, offset, length };
  }
  const resource = resourceOf(device, index);
  if (!resource || offset >= resource.size) return refuse('EINVAL');
  if (resource.kind !== 'io' && index !== PCI_REGION.rom && !device.config.decodesMemory) refuse('EIO');
  const left = resource.size - offset;
  return { index, offset, length: BigInt(length) < left ? length : Number(left) };
}

/** The naturally aligned accesses that the kernel makes of a longer one: 4, 2 and 1 bytes. */
export function* accesses(place: {
  readonly offset: bigint;
  readonly length: number;
}): Generator<{ readonly at: number; readonly width: number }> {
  for (let at = 0; at < place.length;) {
    const offset = place.offset + BigInt(at);
    const left = place.length - at;
    const width = left >= 4 && offset % 4n === 0n ? 4 : left >= 2 && offset % 2n === 0n ? 2 : 1;
    yield { at, width };
    at += width;
  }
}

/** pread of the device file (drivers/vfio/pci/vfio_pci_rdwr.c, vfio_pci_config.c). */
export function readRegion(device: PciVfioDevice, length: number, position: bigint): Buffer {
  if (length === 0) return Buffer.alloc(0);
  const place = locate(device, position, length);
  if (place.index === PCI_REGION.config) return device.config.read(Number(place.offset), length);
  const { registers } = device.device.model;
  if (!registers) return device.bars.read(position, place.length);
  const result = Buffer.alloc(place.length);
  for (const { at, width } of accesses(place)) {
    const value = registers.read(place.index, place.offset + BigInt(at), width);
    result.writeUIntLE(Number(BigInt.asUintN(width * 8, value)), at, width);
  }
  return result;
}

/** pwrite of the device file. What runs over the end of a BAR is written up to there, then the next write fails. */
export function writeRegion(device: PciVfioDevice, data: Buffer, position: bigint): void {
  for (let done = 0; done < data.length;) {
    const place = locate(device, position + BigInt(done), data.length - done);
    if (place.index === PCI_REGION.rom) refuse('EINVAL');
    const part = data.subarray(done, done + place.length);
    if (place.index === PCI_REGION.config) device.config.write(Number(place.offset), part);
    else writeBar(device, place, part, position + BigInt(done));
    done += place.length;
  }
}

function writeBar(device: PciVfioDevice, place: Place, data: Buffer, position: bigint): void {
  const { registers } = device.device.model;
  if (!registers) {
    device.bars.write(position, data);
    return;
  }
  for (const { at, width } of accesses(place)) {
    registers.write(place.index, place.offset + BigInt(at), width, BigInt(data.readUIntLE(at, width)));
  }
}

/**
 * mmap of the device file (`vfio_pci_core_mmap` in drivers/vfio/pci/vfio_pci_core.c): BARs of memory only, up to the end
 * of their last page.
 */
export function checkMapping(device: PciVfioDevice, pageSize: bigint, position: bigint, length: bigint): void {
  const { index, offset } = splitPosition(position);
  const resource = resourceOf(device, index);
  if (index >= PCI_REGION.rom || !resource || resource.kind === 'io') return refuse('EINVAL');
  if (resource.size < pageSize && resource.start % pageSize !== 0n) refuse('EINVAL');
  const whole = ((resource.size + pageSize - 1n) / pageSize) * pageSize;
  if (offset + length > whole) refuse('EINVAL');
}
