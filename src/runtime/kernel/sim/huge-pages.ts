import type { HugePagePool } from '../../../model/inventory.ts';
import { refuse } from './refusal.ts';

interface Pool {
  /** All that there are (`nr_huge_pages`), those among them that go back to the system when they are let go. */
  total: number;
  free: number;
  surplus: number;
}

/** The host's pools of huge pages, by page size in bytes (mm/hugetlb.c). */
export class HugePages {
  readonly #pools: Map<bigint, Pool>;
  /** Pages that the system still finds memory for. */
  #spare: number;

  /** @param left the pools as another process left them: pages that it has added to them are free. */
  constructor(pools: readonly HugePagePool[], left: readonly HugePagePool[] = pools, spare = Infinity) {
    const totals = new Map(left.map(({ size, total }) => [size, total]));
    this.#spare = spare;
    this.#pools = new Map(
      pools.map(({ size, total, free }) => {
        const now = totals.get(size) ?? total;
        return [size, { total: now, free: Math.max(0, free + now - total), surplus: 0 }];
      }),
    );
  }

  has(size: bigint): boolean {
    return this.#pools.has(size);
  }

  total(size: bigint): number {
    return this.#pools.get(size)?.total ?? 0;
  }

  free(size: bigint): number {
    return this.#pools.get(size)?.free ?? 0;
  }

  /** Reserves pages, or fails with ENOMEM where there are fewer. */
  take(size: bigint, pages: bigint): void {
    const pool = this.#pools.get(size);
    if (!pool || BigInt(pool.free) < pages) return refuse('ENOMEM');
    pool.free -= Number(pages);
  }

  give(size: bigint, pages: bigint): void {
    const pool = this.#pools.get(size);
    if (!pool) return;
    const surplus = Math.min(pool.surplus, Number(pages));
    pool.surplus -= surplus;
    pool.total -= surplus;
    pool.free += Number(pages) - surplus;
  }

  /** A write to nr_hugepages (`set_max_huge_pages`): as many as are found; those in use stay, as surplus. */
  resize(size: bigint, text: string): void {
    const pool = this.#pools.get(size);
    if (!pool || !/^\d{1,9}$/.test(text)) return refuse('EINVAL');
    const wanted = Number(text);
    const adopted = Math.min(pool.surplus, Math.max(0, wanted - (pool.total - pool.surplus)));
    pool.surplus -= adopted;
    const missing = Math.min(this.#spare, Math.max(0, wanted - (pool.total - pool.surplus)));
    this.#spare -= missing;
    const removed = Math.min(pool.free, Math.max(0, pool.total - pool.surplus - wanted));
    pool.total += missing - removed;
    pool.free += missing - removed;
    pool.surplus += Math.max(0, pool.total - pool.surplus - wanted);
  }
}
