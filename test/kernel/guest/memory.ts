import { readFileSync, writeFileSync } from 'node:fs';

const FOLDER = '/sys/kernel/mm/hugepages/hugepages-2048kB';
const POOL = `${FOLDER}/nr_hugepages`;

/** Sets the pool of 2 MiB pages; the kernel gives fewer where memory is fragmented, and says so only here. */
export function reserveHugePages(count: number): void {
  writeFileSync(POOL, String(count));
  const got = hugePages();
  if (got !== count) throw new Error(`the kernel reserved ${got} huge pages of ${count}`);
}

export function hugePages(): number {
  return Number(readFileSync(POOL, 'utf8'));
}

/** Pages of the pool that nobody uses. */
export function freeHugePages(): number {
  return Number(readFileSync(`${FOLDER}/free_hugepages`, 'utf8'));
}
