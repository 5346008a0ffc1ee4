import type { HugePagePool } from '../../../model/inventory.ts';
import { refuse } from './refusal.ts';

/** The host's pools of huge pages, by page size in bytes. */
export class HugePages {
  readonly #free: Map<bigint, number>;

  constructor(pools: readonly HugePagePool[]) {
    this.#free = new Map(pools.map(({ size, free }) => [size, free]));
  }

  has(size: bigint): boolean {
    return this.#free.has(size);
  }

  free(size: bigint): number {
    return this.#free.get(size) ?? 0;
  }

  /** Reserves pages, or fails with ENOMEM where there are fewer. */
  take(size: bigint, pages: bigint): void {
    const free = this.free(size);
    if (BigInt(free) < pages) refuse('ENOMEM');
    this.#free.set(size, free - Number(pages));
  }

  give(size: bigint, pages: bigint): void {
    this.#free.set(size, this.free(size) + Number(pages));
  }
}
