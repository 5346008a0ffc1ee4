import { RegisterBank } from '../model/index.ts';

/** Registers of a device that no kernel resets. Some of them may keep what they hold, whatever is written. */
export class StubbornRegisters extends RegisterBank {
  /** Offsets of registers that cannot be written now. */
  readonly stuck = new Set<bigint>();

  override write(region: number, offset: bigint, width: number, value: bigint): void {
    if (!this.stuck.has(offset)) super.write(region, offset, width, value);
  }

  override reset(): void {
    // The kernel has no handler for it.
  }
}
