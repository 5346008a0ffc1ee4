import type { Position, Span } from '../../model/index.ts';

/** A file's name, as people gave it, and its text. */
export interface SourceFile {
  readonly file: string;
  readonly text: string;
}

/**
 * A text whose offsets can be turned into lines and columns. The line table is made when the first position is asked
 * for: a manifest without a fault never needs one.
 */
export class SourceText implements SourceFile {
  private lineStarts: readonly number[] | undefined;
  /** Where each character beyond the basic plane begins: it is two UTF-16 units and one column. */
  private pairs: readonly number[] | undefined;

  constructor(
    readonly file: string,
    readonly text: string,
  ) {}

  /** The position of an offset (in UTF-16 units). Offsets beyond the text count as its end. */
  positionAt(offset: number): Position {
    const starts = (this.lineStarts ??= lineStartsOf(this.text));
    const inside = Math.max(0, Math.min(offset, this.text.length));
    const line = countUpTo(starts, inside) - 1;
    const start = starts[line] ?? 0;
    return { line: line + 1, column: this.charactersIn(start, inside) + 1, offset: inside };
  }

  /** Unicode characters, not UTF-16 units: columns are for people. A byte order mark is not seen, so it does not count. */
  private charactersIn(from: number, to: number): number {
    const pairs = (this.pairs ??= pairStartsOf(this.text));
    const mark = this.text.charCodeAt(from) === BYTE_ORDER_MARK && to > from ? 1 : 0;
    return to - from - mark - (countUpTo(pairs, to - 2) - countUpTo(pairs, from - 1));
  }
}

const BYTE_ORDER_MARK = 0xfeff;

/** How many of these sorted numbers are at most `limit`. */
function countUpTo(sorted: readonly number[], limit: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? Infinity) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

function pairStartsOf(text: string): number[] {
  return [...text.matchAll(/[\ud800-\udbff][\udc00-\udfff]/g)].map(({ index }) => index);
}

function lineStartsOf(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

/** A piece of a text by offsets, which costs nothing until somebody wants to see it. `end` is exclusive. */
export interface Place {
  readonly source: SourceText;
  readonly start: number;
  readonly end: number;
}

/** The place as line and column. */
export function spanOf(place: Place): Span {
  const { source, start, end } = place;
  return { file: source.file, start: source.positionAt(start), end: source.positionAt(Math.max(start, end)) };
}
