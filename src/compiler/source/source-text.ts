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

  constructor(
    readonly file: string,
    readonly text: string,
  ) {}

  /** The position of an offset (in UTF-16 units). Offsets beyond the text count as its end. */
  positionAt(offset: number): Position {
    const starts = (this.lineStarts ??= lineStartsOf(this.text));
    const inside = Math.max(0, Math.min(offset, this.text.length));
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= inside) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: charactersIn(this.text, starts[low] ?? 0, inside) + 1, offset: inside };
  }
}

function lineStartsOf(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

/** Unicode characters, not UTF-16 units: columns are for people. A byte order mark is not seen, so it does not count. */
function charactersIn(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.charCodeAt(from) === 0xfeff ? from + 1 : from; at < to; count++) {
    at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  }
  return count;
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
