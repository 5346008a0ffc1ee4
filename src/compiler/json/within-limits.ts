import type { JsonLimits } from '../../model/index.ts';

/** Where a text passes a limit, in UTF-16 units. */
export interface JsonExcess {
  readonly what: 'depth' | 'values';
  readonly offset: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

/**
 * Where a JSON text nests deeper or has more values than allowed; undefined where it does not. Asked before the text is
 * parsed, since a small text of `{},{},…` takes twenty times its size in memory. Of a text that is no JSON the answer is
 * as good as any: the parser refuses it. Runs once over the text and keeps nothing.
 */
export function excessOf(text: string, limits: JsonLimits): JsonExcess | undefined {
  let depth = 0;
  let values = 1;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfText(text, at);
    else if (code === COMMA) values++;
    else if (OPENING.has(code)) {
      depth++;
      values++;
      if (depth > limits.depth) return { what: 'depth', offset: at };
    } else if (CLOSING.has(code)) depth--;
    if (values > limits.values) return { what: 'values', offset: at };
  }
  return undefined;
}

/** The offset of the quote that ends a text, or the length of everything where none does. */
function endOfText(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at;
    if (code === BACKSLASH) at++;
  }
  return text.length;
}
