const PAGE = 4096n;

/** Bytes by address, zero until written. Only pages that were written take room. */
export class SparseMemory {
  readonly #pages = new Map<bigint, Buffer>();

  read(address: bigint, length: number): Buffer {
    const result = Buffer.alloc(length);
    this.#each(address, length, false, (page, at, from, count) => page.copy(result, from, at, at + count));
    return result;
  }

  write(address: bigint, data: Buffer): void {
    this.#each(address, data.length, true, (page, at, from, count) => data.copy(page, at, from, from + count));
  }

  clear(): void {
    this.#pages.clear();
  }

  #each(
    address: bigint,
    length: number,
    create: boolean,
    visit: (page: Buffer, at: number, from: number, count: number) => void,
  ): void {
    for (let done = 0; done < length;) {
      const number = (address + BigInt(done)) / PAGE;
      const at = Number((address + BigInt(done)) % PAGE);
      const count = Math.min(length - done, Number(PAGE) - at);
      let page = this.#pages.get(number);
      if (!page && create) this.#pages.set(number, (page = Buffer.alloc(Number(PAGE))));
      if (page) visit(page, at, done, count);
      done += count;
    }
  }
}
