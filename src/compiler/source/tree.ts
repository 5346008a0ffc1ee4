import type { Place } from './source-text.ts';

/** What a scalar means under YAML 1.2's core schema. Whole numbers are exact, however long. */
export type ScalarValue = string | bigint | number | boolean | null;

export interface ScalarNode {
  readonly kind: 'scalar';
  readonly at: Place;
  readonly value: ScalarValue;
  /** The text: as written for a plain scalar, unescaped for a quoted one. */
  readonly raw: string;
  /** Written without quotes, so that its text decides its type. */
  readonly plain: boolean;
}

export interface SeqNode {
  readonly kind: 'seq';
  readonly at: Place;
  readonly items: readonly Node[];
}

export interface MapNode {
  readonly kind: 'map';
  readonly at: Place;
  /** In the order written; no key twice. */
  readonly entries: readonly Entry[];
}

export interface Entry {
  readonly key: string;
  readonly keyAt: Place;
  readonly value: Node;
}

/**
 * A value with the place of every part. Aliases have been followed: what an anchor names appears, as the same object,
 * wherever it is used.
 */
export type Node = ScalarNode | SeqNode | MapNode;

export const entryOf = (map: MapNode, key: string): Entry | undefined => map.entries.find((entry) => entry.key === key);
