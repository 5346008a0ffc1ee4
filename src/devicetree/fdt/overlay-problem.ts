/** What is wrong with an overlay, or with it and its base together, without the words. */
export type OverlayProblemKind =
  /** No node of it has a child `__overlay__`: a whole tree, most likely. */
  | 'not-an-overlay'
  /** The base has no `__symbols__`, and the overlay refers to labels. */
  | 'no-symbols'
  /** The base has `__symbols__`, but not this one. */
  | 'unknown-symbol'
  /** The base's symbol is not the path of a node with a phandle. */
  | 'bad-symbol'
  /** An entry of `__fixups__` or `__local_fixups__` that does not fit the overlay. */
  | 'bad-fixup'
  /** A fragment names no target, or one that the base does not have. */
  | 'no-target'
  /** A phandle that is none, or no room above the base's. */
  | 'phandle'
  /** The result would be deeper or have more nodes than what is read. */
  | 'limit';

/** Why an overlay is not applied. */
export interface OverlayProblem {
  readonly kind: OverlayProblemKind;
  /** Path of the fragment in the overlay: `/fragment@0`. Null where it is not about one. */
  readonly fragment: string | null;
  /** The label. Null where it is not about one. */
  readonly symbol: string | null;
  /** One clause in English. */
  readonly what: string;
}

/** What a step of the work found: nothing, or the first problem. */
export type Found = OverlayProblem | null;

/** A problem; what it is not about is left out. */
export function overlayProblem(
  kind: OverlayProblemKind,
  what: string,
  about: { readonly fragment?: string; readonly symbol?: string } = {},
): OverlayProblem {
  return { kind, fragment: about.fragment ?? null, symbol: about.symbol ?? null, what };
}
