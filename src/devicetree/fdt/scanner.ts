import { FDT_NOP, hex32, type FdtProblem, type FdtProblemKind } from './format.ts';
import type { Block } from './header.ts';
import { MAX_NAME_LENGTH } from './names.ts';

/**
 * Reads words, names and values of a blob, never outside of the block they belong to.
 *
 * What cannot be read gives null, and the first {@link problem} is kept; nothing is read behind it.
 */
export class Scanner {
  /** Bytes from the start of the blob to what is read next. */
  position: number;
  problem: FdtProblem | null = null;
  private readonly view: DataView;
  private readonly propertyNames = new Map<number, string>();

  constructor(
    private readonly blob: Uint8Array,
    private readonly structure: Block,
    private readonly strings: Block,
  ) {
    this.view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
    this.position = structure.start;
  }

  /** Keeps what is wrong. Returns null, which is what the caller has then. */
  fail(kind: FdtProblemKind, offset: number, what: string): null {
    this.problem ??= { kind, offset, what };
    return null;
  }

  word(): number | null {
    if (this.structure.end - this.position < 4) {
      return this.fail(
        'overrun',
        Math.min(this.position, this.structure.end),
        'the structure block ends before FDT_END',
      );
    }
    const value = this.view.getUint32(this.position);
    this.position += 4;
    return value;
  }

  /** The next word that is no FDT_NOP; those may stand wherever one of the words may. */
  token(): number | null {
    let word = this.word();
    while (word === FDT_NOP) word = this.word();
    return word;
  }

  /** The name of a node, which stands in the structure block itself. */
  nodeName(): string | null {
    const end = this.endOfString(this.position, this.structure.end, 'a node');
    if (end === null) return null;
    const name = this.text(this.position, end);
    this.position = aligned(end + 1);
    return name;
  }

  /** A name in the strings block. `at` is where its offset stands. */
  propertyName(offset: number, at: number): string | null {
    const known = this.propertyNames.get(offset);
    if (known !== undefined) return known;
    if (offset >= this.strings.end - this.strings.start) {
      return this.fail('overrun', at, `the name of a property is at ${hex32(offset)}, outside of the strings block`);
    }
    const start = this.strings.start + offset;
    const end = this.endOfString(start, this.strings.end, 'a property');
    if (end === null) return null;
    const name = this.text(start, end);
    this.propertyNames.set(offset, name);
    return name;
  }

  /** A view of a value. `at` is where its length stands. */
  value(length: number, at: number): Uint8Array | null {
    if (length > this.structure.end - this.position) {
      return this.fail(
        'overrun',
        at,
        `the value of a property has ${length} bytes, more than the structure block has left`,
      );
    }
    const value = this.blob.subarray(this.position, this.position + length);
    this.position = aligned(this.position + length);
    return value;
  }

  private endOfString(start: number, blockEnd: number, of: string): number | null {
    const limit = Math.min(blockEnd, start + MAX_NAME_LENGTH + 1);
    for (let at = start; at < limit; at++) if (this.blob[at] === 0) return at;
    return limit === blockEnd
      ? this.fail('overrun', Math.min(start, blockEnd), `the name of ${of} does not end before its block does`)
      : this.fail('name', start, `the name of ${of} has more than ${MAX_NAME_LENGTH} characters`);
  }

  /** Each byte one character; which ones a name may have is checked by whoever asked for it. */
  private text(start: number, end: number): string {
    return String.fromCharCode(...this.blob.subarray(start, end));
  }
}

/** Names and values are padded to whole words. */
const aligned = (offset: number): number => Math.ceil(offset / 4) * 4;
