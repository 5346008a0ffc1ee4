import type { Position, Span } from '../../model/index.ts';

/**
 * One character at an offset of a text, as a span. Keeps no table of lines: a text of 256 MiB may be nothing but line ends.
 */
export function spanAt(file: string, text: string, offset: number): Span {
  let line = 1;
  let lineStart = 0;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) {
    line++;
    lineStart = at + 1;
  }
  // A character beyond the basic plane is two units and one column.
  let column = 1;
  for (let at = lineStart; at < offset; at++) if (!isSecondHalf(text, at)) column++;
  const start: Position = { line, column, offset };
  return { file, start, end: { line, column: column + 1, offset: Math.min(offset + 1, text.length) } };
}

const isSecondHalf = (text: string, at: number): boolean => {
  const code = text.charCodeAt(at);
  const before = at === 0 ? 0 : text.charCodeAt(at - 1);
  return code >= 0xdc00 && code <= 0xdfff && before >= 0xd800 && before <= 0xdbff;
};
