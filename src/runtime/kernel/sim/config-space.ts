import type { PciDevice } from '../../../model/inventory.ts';
import type { DeviceModel } from './options.ts';

/** Registers of the configuration header (PCI specification; include/uapi/linux/pci_regs.h). */
const COMMAND = 0x04;
const STATUS = 0x06;
const CAPABILITIES = 0x34;
const IO_SPACE = 0x1;
const MEMORY_SPACE = 0x2;
const BUS_MASTER = 0x4;
/** I/O, memory, bus master, parity response, SERR, INTx disable. */
const COMMAND_WRITABLE = 0x0547;

const POWER_MANAGEMENT = 0x40;
const MSI = 0x50;
const MSIX = 0x70;
const EXPRESS = 0x80;

/** Vectors of an index, where the inventory cannot say: what a common multi-queue function has. */
export const DEFAULT_IRQS = { intx: 1, msi: 1, msix: 64 } as const;

export type IrqCounts = { readonly intx: number; readonly msi: number; readonly msix: number };

/** How many interrupts of each kind a device has. A virtual function has no INTx. */
export function irqCounts(device: PciDevice, model: DeviceModel): IrqCounts {
  const intx = device.physicalFunction === null ? DEFAULT_IRQS.intx : 0;
  return { ...DEFAULT_IRQS, intx, ...model.irqs };
}

/**
 * A function's configuration space as vfio-pci shows it: identity, command register, BARs that hold what is written
 * to their address bits, and a chain of capabilities. What vfio-pci keeps from the user reads back unchanged.
 */
export class ConfigSpace {
  readonly #bytes: Buffer;
  /** For each byte, the bits that a write changes. */
  readonly #writable: Buffer;
  readonly #decoded: number;

  constructor(
    readonly device: PciDevice,
    model: DeviceModel,
  ) {
    const pcie = model.pcie ?? true;
    this.#bytes = Buffer.alloc(pcie ? 4096 : 256);
    this.#writable = Buffer.alloc(this.#bytes.length);
    this.#decoded = device.resources.reduce((bits, { index, kind }) => {
      if (index > 5) return bits;
      return bits | (kind === 'io' ? IO_SPACE : MEMORY_SPACE);
    }, 0);
    this.#identity(device, irqCounts(device, model).intx > 0);
    this.#bars(device);
    this.#capabilities(irqCounts(device, model), pcie);
  }

  get size(): number {
    return this.#bytes.length;
  }

  /** Memory accesses reach the device. A virtual function decodes memory always. */
  get decodesMemory(): boolean {
    return this.device.physicalFunction !== null || (this.#bytes.readUInt16LE(COMMAND) & MEMORY_SPACE) !== 0;
  }

  /** The device may do DMA. */
  get isBusMaster(): boolean {
    return (this.#bytes.readUInt16LE(COMMAND) & BUS_MASTER) !== 0;
  }

  /** What vfio-pci does when the device is opened or closed: decode on where there are BARs, no bus mastering. */
  reset(): void {
    this.#bytes.writeUInt16LE(this.#decoded, COMMAND);
  }

  read(offset: number, length: number): Buffer {
    return Buffer.from(this.#bytes.subarray(offset, offset + length));
  }

  write(offset: number, data: Buffer): void {
    data.forEach((value, i) => {
      const at = offset + i;
      const mask = this.#writable[at] ?? 0;
      this.#bytes[at] = ((this.#bytes[at] ?? 0) & ~mask) | (value & mask);
    });
  }

  #identity(device: PciDevice, hasPin: boolean): void {
    const bytes = this.#bytes;
    bytes.writeUInt16LE(Number.parseInt(device.vendor, 16), 0x00);
    bytes.writeUInt16LE(Number.parseInt(device.device, 16), 0x02);
    bytes.writeUInt16LE(0x0010, STATUS);
    bytes.writeUInt8(Number.parseInt(device.revision, 16), 0x08);
    bytes.writeUIntLE(Number.parseInt(device.class, 16), 0x09, 3);
    bytes.writeUInt16LE(Number.parseInt(device.subsystem?.vendor ?? '0', 16), 0x2c);
    bytes.writeUInt16LE(Number.parseInt(device.subsystem?.device ?? '0', 16), 0x2e);
    bytes.writeUInt8(POWER_MANAGEMENT, CAPABILITIES);
    bytes.writeUInt8(hasPin ? 1 : 0, 0x3d);
    this.#writable.writeUInt16LE(COMMAND_WRITABLE, COMMAND);
    this.#writable.writeUInt16LE(0xffff, 0x0c); // cache line size, latency timer
    this.#writable.writeUInt8(0xff, 0x3c); // interrupt line
  }

  #bars(device: PciDevice): void {
    for (const { index, start, size, kind } of device.resources) {
      if (index > 5 || size === 0n) continue;
      const at = 0x10 + index * 4;
      const wide = kind === 'prefetchable' && index < 5 && !device.resources.some((other) => other.index === index + 1);
      const flags = kind === 'io' ? 0x1n : (wide ? 0x4n : 0n) | (kind === 'prefetchable' ? 0x8n : 0n);
      const mask = ~(size - 1n) & (wide ? 0xffff_ffff_ffff_ffffn : 0xffff_ffffn);
      this.#bytes.writeUInt32LE(Number((start & 0xffff_fff0n) | flags), at);
      this.#writable.writeUInt32LE(Number(mask & 0xffff_fff0n), at);
      if (!wide) continue;
      this.#bytes.writeUInt32LE(Number((start >> 32n) & 0xffff_ffffn), at + 4);
      this.#writable.writeUInt32LE(Number((mask >> 32n) & 0xffff_ffffn), at + 4);
    }
  }

  #capabilities(irqs: IrqCounts, pcie: boolean): void {
    const chain: [id: number, at: number][] = [[0x01, POWER_MANAGEMENT]];
    if (irqs.msi > 0) chain.push([0x05, MSI]);
    if (irqs.msix > 0) chain.push([0x11, MSIX]);
    if (pcie) chain.push([0x10, EXPRESS]);
    chain.forEach(([id, at], i) => {
      this.#bytes.writeUInt8(id, at);
      this.#bytes.writeUInt8(chain[i + 1]?.[1] ?? 0, at + 1);
    });
    this.#bytes.writeUInt16LE(0x0003, POWER_MANAGEMENT + 2);
    this.#writable.writeUInt8(0x03, POWER_MANAGEMENT + 4); // power state
    if (irqs.msi > 0) this.#bytes.writeUInt16LE(Math.log2(irqs.msi) << 1, MSI + 2);
    if (irqs.msix > 0) this.#bytes.writeUInt16LE(irqs.msix - 1, MSIX + 2);
    if (pcie) this.#bytes.writeUInt16LE(0x0002, EXPRESS + 2);
  }
}
