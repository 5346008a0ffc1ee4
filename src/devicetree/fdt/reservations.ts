import type { FdtLimits, FdtProblem, MemoryReservation } from './format.ts';
import type { Block } from './header.ts';

/** Bytes of an entry: address and size. */
const ENTRY_SIZE = 16;

/** Reads the memory reservation block, which ends with an entry of size 0 as for libfdt and `dtc`. */
export function readReservations(
  blob: Uint8Array,
  block: Block,
  limits: FdtLimits,
): readonly MemoryReservation[] | { readonly problem: FdtProblem } {
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  const list: MemoryReservation[] = [];
  for (let at = block.start; block.end - at >= ENTRY_SIZE; at += ENTRY_SIZE) {
    const size = view.getBigUint64(at + 8);
    if (size === 0n) return list;
    if (list.length >= limits.reservations) {
      return {
        problem: { kind: 'limit', offset: at, what: `there are more than ${limits.reservations} reservations` },
      };
    }
    list.push({ address: view.getBigUint64(at), size });
  }
  const what = 'the memory reservation block has no last entry of size 0';
  return { problem: { kind: 'reservations', offset: block.start, what } };
}
