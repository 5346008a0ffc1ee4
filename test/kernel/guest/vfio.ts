import { closeSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { ioctl, type Called } from './libc.ts';

/**
 * The part of VFIO's interface that the tests speak themselves, written apart from the product's on purpose: a wrong
 * number there must not be confirmed by the same wrong number here.
 */
const CHECK_EXTENSION = 0x3b65;
const GET_API_VERSION = 0x3b64;
const SET_IOMMU = 0x3b66;
const GROUP_GET_STATUS = 0x3b67;
const GROUP_SET_CONTAINER = 0x3b68;
const GROUP_UNSET_CONTAINER = 0x3b69;
const GROUP_GET_DEVICE_FD = 0x3b6a;
const DEVICE_GET_INFO = 0x3b6b;
const DEVICE_GET_REGION_INFO = 0x3b6c;
const DEVICE_GET_IRQ_INFO = 0x3b6d;
const DEVICE_RESET = 0x3b6f;
const DEVICE_GET_PCI_HOT_RESET_INFO = 0x3b70;
const DEVICE_PCI_HOT_RESET = 0x3b71;
const IOMMU_GET_INFO = 0x3b70;
const IOMMU_MAP_DMA = 0x3b71;
const IOMMU_UNMAP_DMA = 0x3b72;

export const TYPE1V2 = 3;

export const openContainer = (): number => openSync('/dev/vfio/vfio', 'r+');
export const openGroup = (group: string): number => openSync(`/dev/vfio/${group}`, 'r+');
export const close = (fd: number): void => closeSync(fd);

export const apiVersion = (container: number): Called => ioctl(container, GET_API_VERSION);
export const checkExtension = (container: number, id: number): Called => ioctl(container, CHECK_EXTENSION, id);
export const setIommu = (container: number, type: number): Called => ioctl(container, SET_IOMMU, type);
export const unsetContainer = (group: number): Called => ioctl(group, GROUP_UNSET_CONTAINER);
export const resetDevice = (device: number): Called => ioctl(device, DEVICE_RESET);

export function setContainer(group: number, container: number): Called {
  const fd = Buffer.alloc(4);
  fd.writeInt32LE(container);
  return ioctl(group, GROUP_SET_CONTAINER, fd);
}

/** Bits of a group's status: 1 viable, 2 in a container. */
export function groupStatus(group: number): number {
  const status = Buffer.alloc(8);
  status.writeUInt32LE(status.length);
  succeed('GROUP_GET_STATUS', ioctl(group, GROUP_GET_STATUS, status));
  return status.readUInt32LE(4);
}

export function deviceFd(group: number, name: string): Called {
  return ioctl(group, GROUP_GET_DEVICE_FD, Buffer.from(`${name}\0`));
}

export function mapDma(container: number, vaddr: bigint, iova: bigint, size: bigint, flags = 3): Called {
  const map = Buffer.alloc(32);
  map.writeUInt32LE(map.length, 0);
  map.writeUInt32LE(flags, 4);
  map.writeBigUInt64LE(vaddr, 8);
  map.writeBigUInt64LE(iova, 16);
  map.writeBigUInt64LE(size, 24);
  return ioctl(container, IOMMU_MAP_DMA, map);
}

/** Unmaps a range; the kernel answers how many bytes it really unmapped. */
export function unmapDma(container: number, iova: bigint, size: bigint): Called & { readonly bytes: bigint } {
  const unmap = Buffer.alloc(24);
  unmap.writeUInt32LE(unmap.length, 0);
  unmap.writeBigUInt64LE(iova, 8);
  unmap.writeBigUInt64LE(size, 16);
  const result = ioctl(container, IOMMU_UNMAP_DMA, unmap);
  return { ...result, bytes: unmap.readBigUInt64LE(16) };
}

export interface IommuInfo {
  readonly flags: number;
  readonly pageSizes: string;
  readonly iovaRanges: readonly { readonly start: string; readonly end: string }[];
  readonly dmaAvail: number | undefined;
  readonly capabilities: readonly { readonly id: number; readonly version: number }[];
}

/** IOMMU_GET_INFO with its capability chain, asked twice because only the first answer tells the length. */
export function iommuInfo(container: number): IommuInfo {
  const ask = (length: number): Buffer => {
    const info = Buffer.alloc(length);
    info.writeUInt32LE(length, 0);
    succeed('IOMMU_GET_INFO', ioctl(container, IOMMU_GET_INFO, info));
    return info;
  };
  const info = ask(ask(24).readUInt32LE(0));
  const iovaRanges: { start: string; end: string }[] = [];
  const capabilities: { id: number; version: number }[] = [];
  let dmaAvail: number | undefined;
  for (let at = info.readUInt32LE(16); at !== 0; at = info.readUInt32LE(at + 4)) {
    const id = info.readUInt16LE(at);
    capabilities.push({ id, version: info.readUInt16LE(at + 2) });
    if (id === 3) dmaAvail = info.readUInt32LE(at + 8);
    if (id !== 1) continue;
    for (let n = 0; n < info.readUInt32LE(at + 8); n += 1) {
      const range = at + 16 + 16 * n;
      iovaRanges.push({ start: hex(info.readBigUInt64LE(range)), end: hex(info.readBigUInt64LE(range + 8)) });
    }
  }
  return { flags: info.readUInt32LE(4), pageSizes: hex(info.readBigUInt64LE(8)), iovaRanges, dmaAvail, capabilities };
}

export interface DeviceInfo {
  readonly flags: number;
  readonly regions: readonly { readonly flags: number; readonly size: string; readonly offset: string }[];
  readonly irqs: readonly { readonly flags: number; readonly count: number }[];
}

/** Everything a device tells about its regions and interrupts; an index that it refuses shows as its errno. */
export function deviceInfo(device: number): DeviceInfo & { readonly refused: readonly string[] } {
  const info = Buffer.alloc(24);
  info.writeUInt32LE(info.length, 0);
  succeed('DEVICE_GET_INFO', ioctl(device, DEVICE_GET_INFO, info));
  const refused: string[] = [];
  const regions = [];
  for (let index = 0; index < info.readUInt32LE(8); index += 1) {
    const region = Buffer.alloc(32);
    region.writeUInt32LE(region.length, 0);
    region.writeUInt32LE(index, 8);
    const result = ioctl(device, DEVICE_GET_REGION_INFO, region);
    if (result.errno !== undefined) refused.push(`region ${index}: ${result.errno}`);
    regions.push({
      flags: region.readUInt32LE(4),
      size: hex(region.readBigUInt64LE(16)),
      offset: hex(region.readBigUInt64LE(24)),
    });
  }
  const irqs = [];
  for (let index = 0; index < info.readUInt32LE(12); index += 1) {
    const irq = Buffer.alloc(16);
    irq.writeUInt32LE(irq.length, 0);
    irq.writeUInt32LE(index, 8);
    const result = ioctl(device, DEVICE_GET_IRQ_INFO, irq);
    if (result.errno !== undefined) refused.push(`irq ${index}: ${result.errno}`);
    irqs.push({ flags: irq.readUInt32LE(4), count: irq.readUInt32LE(12) });
  }
  return { flags: info.readUInt32LE(4), regions, irqs, refused };
}

/** The functions that a reset of the slot or bus would hit, as sysfs names them, each with its group; or the errno. */
export function hotResetInfo(device: number): readonly { readonly address: string; readonly group: number }[] | string {
  const room = 32;
  const info = Buffer.alloc(12 + 8 * room);
  info.writeUInt32LE(info.length, 0);
  const result = ioctl(device, DEVICE_GET_PCI_HOT_RESET_INFO, info);
  if (result.errno !== undefined) return result.errno;
  return Array.from({ length: info.readUInt32LE(8) }, (_, i) => {
    const at = 12 + 8 * i;
    const digits = (value: number, width: number): string => value.toString(16).padStart(width, '0');
    const devfn = info.readUInt8(at + 7);
    const slot = `${digits(info.readUInt16LE(at + 4), 4)}:${digits(info.readUInt8(at + 6), 2)}:${digits(devfn >> 3, 2)}`;
    return { address: `${slot}.${devfn & 7}`, group: info.readUInt32LE(at) };
  });
}

/** Resets the slot or bus, in the name of these groups. */
export function hotReset(device: number, groups: readonly number[]): Called {
  const reset = Buffer.alloc(12 + 4 * groups.length);
  reset.writeUInt32LE(reset.length, 0);
  reset.writeUInt32LE(groups.length, 8);
  groups.forEach((fd, i) => reset.writeInt32LE(fd, 12 + 4 * i));
  return ioctl(device, DEVICE_PCI_HOT_RESET, reset);
}

/** A register of a device: which region, the offset in it and the width, both in bytes. */
export interface RegisterPlace {
  readonly region: number;
  readonly offset: number;
  readonly width: 2 | 4;
}

export function readRegister(device: number, { region, offset, width }: RegisterPlace): number {
  const bytes = Buffer.alloc(width);
  readSync(device, bytes, 0, width, regionStart(device, region) + BigInt(offset));
  return bytes.readUIntLE(0, width);
}

export function writeRegister(device: number, { region, offset, width }: RegisterPlace, value: number): void {
  const bytes = Buffer.alloc(width);
  bytes.writeUIntLE(value, 0, width);
  writeAt(device, bytes, regionStart(device, region) + BigInt(offset));
}

/** Where a region is in the file of its device. Node's write takes positions below 2^53 only, as all of these are. */
const regionStart = (device: number, region: number): bigint =>
  BigInt(deviceInfo(device).regions[region]?.offset ?? -1);

const writeAt = (fd: number, bytes: Buffer, at: bigint): number => writeSync(fd, bytes, 0, bytes.length, Number(at));

/** The errno with which a group's node cannot be opened, or nothing where it can. */
export function openError(group: string): string | undefined {
  try {
    close(openGroup(group));
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
}

/** The addresses that the platform keeps for interrupt messages of a group; no mapping may touch them. */
export function msiWindow(group: string): { readonly start: bigint; readonly end: bigint } {
  const regions = readFileSync(`/sys/kernel/iommu_groups/${group}/reserved_regions`, 'utf8');
  const [, start, end] = /^(0x\w+) (0x\w+) msi$/m.exec(regions) ?? [];
  if (start === undefined || end === undefined) throw new Error(`group ${group} has no MSI window: ${regions}`);
  return { start: BigInt(start), end: BigInt(end) };
}

/** The value of a call that has to succeed. */
export function succeed(what: string, result: Called): number {
  if (result.errno !== undefined) throw new Error(`${what}: ${result.errno}`);
  return result.value;
}

function hex(value: bigint): string {
  return `0x${value.toString(16)}`;
}
