import { formatBytes, hex } from '../../../model/address.ts';
import type { AddressSpace } from './address-space.ts';
import type { FileTable } from './file-table.ts';
import type { Type1 } from './type1.ts';

/** What a process holds, one line each: files, mappings, memory. */
export function leaksOf(table: FileTable, spaces: Iterable<Type1>, { areas, lockedPages }: AddressSpace): string[] {
  const files = table.entries().map(([fd, file]) => `fd ${fd}: ${file.kind}`);
  const mappings = [...spaces].flatMap((space, n) =>
    [...space.mappings].map(({ first, last }) => `mapping ${hex(first)}-${hex(last)} in address space ${n}`),
  );
  const memory = [...areas].map(({ first, last }) => `memory ${hex(first)}, ${formatBytes(last - first + 1n)}`);
  const pinned = lockedPages === 0n ? [] : [`${lockedPages} pages pinned`];
  return [...files, ...mappings, ...memory, ...pinned];
}
