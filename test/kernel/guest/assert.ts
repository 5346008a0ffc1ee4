import { isDeepStrictEqual, inspect } from 'node:util';

/** Fails with both values on one line: the line is all that the outside prints. */
export function equal(actual: unknown, expected: unknown, what: string): void {
  if (!isDeepStrictEqual(actual, expected)) throw new Error(`${what} is ${show(actual)}, expected ${show(expected)}`);
}

export function holds(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new Error(otherwise);
}

/** The text contains every one of these pieces, whatever stands between them. */
export function contains(text: string, pieces: readonly string[], what: string): void {
  const missing = pieces.filter((piece) => !text.includes(piece));
  if (missing.length > 0) throw new Error(`${what} lacks ${show(missing)}: ${text.trim()}`);
}

function show(value: unknown): string {
  return inspect(value, { breakLength: Infinity, depth: 6 });
}
