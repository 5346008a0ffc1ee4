import { hex } from '../model/index.ts';
import type { Fd, Kernel } from './kernel/port.ts';
import { abiOf } from './uapi/abi.ts';
import type { RegionInfo } from './uapi/device-get-region-info.ts';

/** Width of a register in bytes. */
export type RegisterWidth = 1 | 2 | 4 | 8;

/** A region of an open device, to be read and written register by register. */
export interface Registers {
  readonly kernel: Kernel;
  /** The device's descriptor. */
  readonly device: Fd;
  readonly bus: 'pci' | 'platform' | 'amba';
  /** What VFIO_DEVICE_GET_REGION_INFO said of the region: its offset is nobody's to guess. */
  readonly region: Pick<RegionInfo, 'index' | 'offset' | 'size' | 'readable' | 'writable'>;
  /** Byte order of the registers themselves: `little` is usual, many blocks of QorIQ chips are `big`. */
  readonly order?: 'little' | 'big';
}

/** An access that the device cannot answer as one: not aligned, not inside the region, or not allowed there. */
export class RegisterFault extends Error {
  override readonly name = 'RegisterFault';
}

/**
 * Reads one register of `width` bytes at `offset` of the region. The kernel makes one access of the bus of it where the
 * offset is aligned to the width (vfio_platform_read_mmio in drivers/vfio/platform/vfio_platform_common.c,
 * vfio_pci_core_do_io_rw in drivers/vfio/pci/vfio_pci_rdwr.c); a platform device's of 8 bytes is two of 4, the one at the
 * lower offset first. Throws {@link RegisterFault}, and what the kernel does.
 */
export function readRegister(registers: Registers, offset: bigint, width: RegisterWidth): bigint {
  check(registers, offset, width, 'read');
  let value = 0n;
  for (const { at, bytes, shift } of accesses(registers, width)) {
    const data = registers.kernel.pread(registers.device, bytes, registers.region.offset + offset + BigInt(at));
    if (data.length !== bytes) {
      throw new RegisterFault(`${placeOf(registers, offset)}: ${data.length} of ${bytes} bytes came back`);
    }
    value |= decode(data, littleEndianData(registers)) << shift;
  }
  return value;
}

/** Writes one register; as {@link readRegister}. `value` must fit the width. */
export function writeRegister(registers: Registers, offset: bigint, width: RegisterWidth, value: bigint): void {
  check(registers, offset, width, 'write');
  if (value < 0n || value >> BigInt(8 * width) !== 0n) {
    throw new RegisterFault(`${hex(value)} does not fit the ${width} bytes of ${placeOf(registers, offset)}`);
  }
  for (const { at, bytes, shift } of accesses(registers, width)) {
    const part = BigInt.asUintN(8 * bytes, value >> shift);
    const data = encode(part, bytes, littleEndianData(registers));
    registers.kernel.pwrite(registers.device, data, registers.region.offset + offset + BigInt(at));
  }
}

interface Access {
  readonly at: number;
  readonly bytes: number;
  /** By how many bits its part stands in the value. */
  readonly shift: bigint;
}

function accesses({ bus, order = 'little' }: Registers, width: RegisterWidth): Access[] {
  if (width !== 8 || bus === 'pci') return [{ at: 0, bytes: width, shift: 0n }];
  const [first, second] = order === 'little' ? [0n, 32n] : [32n, 0n];
  return [
    { at: 0, bytes: 4, shift: first },
    { at: 4, bytes: 4, shift: second },
  ];
}

/**
 * In which order the bytes of a read or write stand for a register's value.
 *
 * vfio-pci hands the bytes on as they are on the bus, so theirs is the register's. vfio-platform reads a number
 * (ioread32, which takes the register for little-endian) and copies it as the CPU keeps numbers: on a big-endian CPU both
 * turn, and a big-endian register comes out as if it were little-endian.
 */
function littleEndianData({ kernel, bus, order = 'little' }: Registers): boolean {
  const littleRegister = order === 'little';
  return bus === 'pci' ? littleRegister : littleRegister === abiOf(kernel.architecture).littleEndian;
}

function check(registers: Registers, offset: bigint, width: RegisterWidth, access: 'read' | 'write'): void {
  const { region } = registers;
  const place = placeOf(registers, offset);
  if (offset < 0n || offset + BigInt(width) > region.size) {
    throw new RegisterFault(`${place}, of ${width} bytes, is not inside the ${hex(region.size)} bytes of the region`);
  }
  if (offset % BigInt(width) !== 0n) {
    throw new RegisterFault(
      `${place} is not aligned to its ${width} bytes: the kernel would make several accesses of it`,
    );
  }
  if (access === 'read' ? !region.readable : !region.writable) {
    throw new RegisterFault(
      `${place}: VFIO does not let region ${region.index} be ${access === 'read' ? 'read' : 'written'}`,
    );
  }
}

const placeOf = ({ region }: Registers, offset: bigint): string =>
  `register ${offset < 0n ? offset.toString() : hex(offset)} of region ${region.index}`;

function decode(data: Buffer, littleEndian: boolean): bigint {
  const bytes = littleEndian ? [...data].reverse() : data;
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}

function encode(value: bigint, width: number, littleEndian: boolean): Buffer {
  const data = Buffer.alloc(width);
  for (let at = 0; at < width; at++) {
    const shift = BigInt(8 * (littleEndian ? at : width - 1 - at));
    data[at] = Number((value >> shift) & 0xffn);
  }
  return data;
}
