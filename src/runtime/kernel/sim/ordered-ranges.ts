/** Something that occupies the addresses `first` to `last`, both included. */
export interface Occupied {
  readonly first: bigint;
  readonly last: bigint;
}

/** Longest chunk: an insertion moves at most this many entries, a look-up is two binary searches. */
const CHUNK = 256;

/** The first index for which `holds` is true, or `length`; `holds` is false up to some index and true from there. */
function lowest(length: number, holds: (index: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Ranges that do not overlap, in order of address: a list of short sorted lists. Never holds an empty chunk. */
export class OrderedRanges<T extends Occupied> {
  #chunks: T[][] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The lowest range that shares an address with `first` to `last`. */
  overlap(first: bigint, last: bigint): T | undefined {
    const candidate = this.#from(first);
    return candidate && candidate.first <= last ? candidate : undefined;
  }

  /** Adds a range. The caller has made sure that it overlaps none. */
  insert(range: T): void {
    this.#size += 1;
    const chunks = this.#chunks;
    const at = Math.min(this.#chunkOf(range.first), chunks.length - 1);
    const chunk = chunks[at];
    if (!chunk) {
      chunks.push([range]);
      return;
    }
    const index = lowest(chunk.length, (i) => (chunk[i] as T).first > range.first);
    chunk.splice(index, 0, range);
    if (chunk.length > CHUNK) chunks.splice(at + 1, 0, chunk.splice(CHUNK >>> 1));
  }

  /** Takes out the range that begins at `first`. Returns whether there was one. */
  delete(first: bigint): boolean {
    const at = this.#chunkOf(first);
    const chunk = this.#chunks[at];
    if (!chunk) return false;
    const index = lowest(chunk.length, (i) => (chunk[i] as T).first >= first);
    if (chunk[index]?.first !== first) return false;
    chunk.splice(index, 1);
    if (chunk.length === 0) this.#chunks.splice(at, 1);
    this.#size -= 1;
    return true;
  }

  clear(): void {
    this.#chunks = [];
    this.#size = 0;
  }

  *[Symbol.iterator](): IterableIterator<T> {
    for (const chunk of this.#chunks) yield* chunk;
  }

  /** The chunk that holds the first range with `last >= address`, or the number of chunks. */
  #chunkOf(address: bigint): number {
    const chunks = this.#chunks;
    return lowest(chunks.length, (i) => {
      const chunk = chunks[i] as T[];
      return (chunk[chunk.length - 1] as T).last >= address;
    });
  }

  #from(address: bigint): T | undefined {
    const chunk = this.#chunks[this.#chunkOf(address)];
    return chunk?.[lowest(chunk.length, (i) => (chunk[i] as T).last >= address)];
  }
}
