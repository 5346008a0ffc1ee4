/** One kind of untrusted input, and what has to hold whatever it is. */
export interface FuzzTarget {
  readonly name: string;
  /** Good inputs, made from the examples: what is mutated, and what a corpus begins with. */
  seeds(): Promise<readonly Uint8Array[]>;
  /** Gives the input to what reads it. Throws {@link Broken} where a promise is broken; what is thrown by itself is one too. */
  run(data: Uint8Array): Promise<void>;
}

/** A promise that did not hold. */
export class Broken extends Error {
  override readonly name = 'Broken';
}

/** Throws {@link Broken} unless a promise holds. */
export function holds(condition: boolean, what: () => string): asserts condition {
  if (!condition) throw new Broken(what());
}

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
export const asText = (data: Uint8Array): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(data);
