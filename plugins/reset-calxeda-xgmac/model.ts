import { RegisterBank, type RegisterModel } from 'vfio-compose/plugin';
import { reg } from './registers.ts';

/** What QEMU's XGMAC says; the boards were sold with others. */
const VERSION = 0x1012;

/**
 * The XGMAC's registers as its native driver finds them: VERSION cannot be written, DMA_STATUS is acknowledged by writing
 * 1, and SFT_RESET resets everything and is done at once.
 */
export class XgmacModel implements RegisterModel {
  readonly #bank = new RegisterBank({ 0: { [Number(reg.VERSION.offset)]: VERSION } });

  read(region: number, offset: bigint, width: number): bigint {
    return this.#bank.read(region, offset, width);
  }

  write(region: number, offset: bigint, width: number, value: bigint): void {
    if (offset === reg.VERSION.offset) return;
    if (offset === reg.DMA_STATUS.offset) {
      return this.#bank.write(region, offset, width, this.#bank.read(region, offset, width) & ~value);
    }
    if (offset === reg.DMA_BUS_MODE.offset && (value & reg.DMA_BUS_MODE.bits.SFT_RESET) !== 0n) {
      return this.#bank.reset();
    }
    this.#bank.write(region, offset, width, value);
  }

  /** An event of the device: as when a frame has come. */
  raise(events: bigint): void {
    const { region, offset, width } = reg.DMA_STATUS;
    this.#bank.write(region, offset, width, this.#bank.read(region, offset, width) | events);
  }

  /** The kernel's handler: interrupts, DMA and MAC off, and nothing else. */
  reset(): void {
    this.#clear(reg.DMA_INTR_ENA, 0xffff_ffffn);
    this.#clear(reg.DMA_CONTROL, reg.DMA_CONTROL.bits.ST | reg.DMA_CONTROL.bits.SR);
    this.#clear(reg.CONTROL, reg.CONTROL.bits.TE | reg.CONTROL.bits.RE);
  }

  #clear({ region, offset, width }: { region: number; offset: bigint; width: number }, bits: bigint): void {
    this.#bank.write(region, offset, width, this.#bank.read(region, offset, width) & ~bits);
  }
}
