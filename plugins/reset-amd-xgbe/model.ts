import { RegisterBank, type RegisterModel } from 'vfio-compose/plugin';
import { mac, pcs } from './registers.ts';

/** Addresses behind the window: MMD << 16 | register. */
const [PCS_CTRL1, AN_CTRL1] = [0x3_0000, 0x7_0000];

/**
 * The XGBE's registers as its native driver finds them: the MAC's and the DMA's, which a software reset clears, and those of
 * the PCS behind their window, which a reset of the PHY clears. Both resets are done at once.
 */
export class XgbeModel implements RegisterModel {
  readonly #mac = new RegisterBank();
  /** By their whole address, (MMD << 16 | register), one to an address. */
  readonly #pcs = new Map<number, bigint>();
  #selected = 0n;

  constructor() {
    this.#resetPcs();
  }

  read(region: number, offset: bigint, width: number): bigint {
    if (region !== 1) return this.#mac.read(region, offset, width);
    return offset === pcs.PCS_SELECT.offset ? this.#selected : (this.#pcs.get(this.#address(offset)) ?? 0n);
  }

  write(region: number, offset: bigint, width: number, value: bigint): void {
    if (region === 1) return this.#writePcs(offset, value);
    if (offset === mac.DMA_MR.offset && (value & mac.DMA_MR.bits.SWR) !== 0n) return this.#mac.reset();
    this.#mac.write(region, offset, width, value);
  }

  /** The kernel's handler: PHY and MAC are reset, and nothing is negotiated. */
  reset(): void {
    this.#resetPcs();
    this.#pcs.delete(AN_CTRL1);
    this.#mac.reset();
  }

  #writePcs(offset: bigint, value: bigint): void {
    if (offset === pcs.PCS_SELECT.offset) {
      this.#selected = value;
      return;
    }
    const address = this.#address(offset);
    if (address === PCS_CTRL1 && (value & pcs.PCS_CTRL1.bits.RESET) !== 0n) return this.#resetPcs();
    // Only the lower half of a word is a register of clause 45.
    this.#pcs.set(address, value & 0xffffn);
  }

  /** Auto-negotiation is on after a reset (IEEE 802.3, 45.2.7.1). */
  #resetPcs(): void {
    this.#pcs.clear();
    this.#pcs.set(AN_CTRL1, pcs.AN_CTRL1.bits.ENABLE);
  }

  #address(offset: bigint): number {
    return Number((this.#selected << 8n) | (offset >> 2n));
  }
}
