import type { RegisterModel } from './simulation.ts';

/** What registers hold after a reset: by region, then by offset, 32 bits each. What is not named holds 0. */
export type ResetValues = Readonly<Record<number, Readonly<Record<number, number>>>>;

/**
 * Registers that keep what is written to them, as little-endian bytes, until a reset. The simplest model of a device, and
 * one to build others on.
 */
export class RegisterBank implements RegisterModel {
  readonly #bytes = new Map<string, number>();

  constructor(private readonly resetValues: ResetValues = {}) {
    this.reset();
  }

  read(region: number, offset: bigint, width: number): bigint {
    let value = 0n;
    for (let i = width - 1; i >= 0; i -= 1) {
      value = (value << 8n) | BigInt(this.#bytes.get(`${region}:${offset + BigInt(i)}`) ?? 0);
    }
    return value;
  }

  write(region: number, offset: bigint, width: number, value: bigint): void {
    for (let i = 0; i < width; i += 1) {
      this.#bytes.set(`${region}:${offset + BigInt(i)}`, Number((value >> BigInt(8 * i)) & 0xffn));
    }
  }

  reset(): void {
    this.#bytes.clear();
    for (const [region, registers] of Object.entries(this.resetValues)) {
      for (const [offset, value] of Object.entries(registers)) {
        this.write(Number(region), BigInt(offset), 4, BigInt(value >>> 0));
      }
    }
  }
}
