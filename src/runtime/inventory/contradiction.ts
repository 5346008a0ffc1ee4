import type { JsonKey } from '../../compiler/json/index.ts';

/** Something in a snapshot that no host can have: where it stands, and what is wrong. */
export interface Contradiction {
  readonly way: readonly JsonKey[];
  readonly detail: string;
}
