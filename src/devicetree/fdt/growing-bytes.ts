/** Bytes that are written one behind the other, numbers big-endian. */
export class GrowingBytes {
  length = 0;
  private bytes = new Uint8Array(1024);
  private view = new DataView(this.bytes.buffer);

  word(value: number): void {
    const at = this.reserve(4);
    this.view.setUint32(at, value);
  }

  doubleWord(value: bigint): void {
    const at = this.reserve(8);
    this.view.setBigUint64(at, value);
  }

  append(value: Uint8Array): void {
    const at = this.reserve(value.length);
    this.bytes.set(value, at);
  }

  /** Characters, one byte each, and a NUL. */
  text(value: string): void {
    const at = this.reserve(value.length + 1);
    for (let index = 0; index < value.length; index++) this.bytes[at + index] = value.charCodeAt(index);
  }

  /** Zeroes up to a multiple of `to`. */
  align(to: number): void {
    this.reserve((to - (this.length % to)) % to);
  }

  /** What has been written so far, as a copy. */
  taken(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }

  /** Makes room behind what is there, filled with zeroes, and returns where it begins. */
  private reserve(size: number): number {
    const at = this.length;
    this.length += size;
    if (this.length > this.bytes.length) {
      const larger = new Uint8Array(Math.max(this.length, 2 * this.bytes.length));
      larger.set(this.bytes);
      this.bytes = larger;
      this.view = new DataView(larger.buffer);
    }
    return at;
  }
}
