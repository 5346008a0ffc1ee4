import { RegisterBank, type RegisterModel } from 'vfio-compose/plugin';
import { RING_MAGIC, RING_SIZE, ringRegisters } from './registers.ts';

/**
 * The rings of a FlexRM as its native driver finds them: VER and FLUSH_DONE cannot be written, and a ring says that it is
 * flushed as long as it is told to flush.
 */
export class FlexrmModel implements RegisterModel {
  readonly #bank: RegisterBank;

  constructor(private readonly rings: number) {
    const magic = Array.from({ length: rings }, (_, ring) => [ring * RING_SIZE, RING_MAGIC] as const);
    this.#bank = new RegisterBank({ 0: Object.fromEntries(magic) });
  }

  read(region: number, offset: bigint, width: number): bigint {
    return this.#bank.read(region, offset, width);
  }

  write(region: number, offset: bigint, width: number, value: bigint): void {
    const { VER, CONTROL, FLUSH_DONE } = ringRegisters(Number(offset / BigInt(RING_SIZE)));
    if (offset === VER.offset || offset === FLUSH_DONE.offset) return;
    this.#bank.write(region, offset, width, value);
    if (offset === CONTROL.offset) {
      const done = (value & CONTROL.bits.FLUSH) !== 0n ? FLUSH_DONE.bits.DONE : 0n;
      this.#bank.write(region, FLUSH_DONE.offset, FLUSH_DONE.width, done);
    }
  }

  /** The kernel's handler: every ring off, and nothing else. */
  reset(): void {
    for (let ring = 0; ring < this.rings; ring += 1) {
      const { region, offset, width } = ringRegisters(ring).CONTROL;
      this.write(region, offset, width, 0n);
    }
  }
}
