/** The argument of an ioctl: its members by their offsets, in the byte order of the host. */
export class Argument {
  constructor(
    private readonly view: DataView,
    private readonly littleEndian: boolean,
  ) {}

  u32(offset: number): number {
    return this.view.getUint32(offset, this.littleEndian);
  }

  u64(offset: number): bigint {
    return this.view.getBigUint64(offset, this.littleEndian);
  }

  setU32(offset: number, value: number): void {
    this.view.setUint32(offset, value, this.littleEndian);
  }

  setU64(offset: number, value: bigint): void {
    this.view.setBigUint64(offset, value, this.littleEndian);
  }

  /** Whether it is as long as the kernel reads; what is shorter is not all there. */
  has(size: number): boolean {
    return this.view.byteLength >= size;
  }
}
