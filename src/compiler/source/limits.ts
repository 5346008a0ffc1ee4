/**
 * How much a manifest may hold. A project of a hundred thousand devices stays far below; the limits keep a hostile or
 * a broken file from eating the machine of the root user who validates it.
 */
export const LIMITS = {
  /** UTF-16 units of one file. */
  text: 8 * 1024 * 1024,
  /** UTF-16 units of all files of a manifest. */
  allTexts: 32 * 1024 * 1024,
  /** Files of a manifest; one that is included twice counts twice. */
  files: 1000,
  /** Files that include each other in a row. */
  includeDepth: 16,
  /** UTF-16 units of one key, value or comment. */
  token: 64 * 1024,
  /** Maps and lists inside each other, aliases followed. A manifest needs nine. */
  depth: 64,
  /** Values that aliases may add by standing for what an anchor names. */
  aliased: 1_000_000,
  /** Faults of the syntax that are reported for one file: one slip often makes several. */
  syntaxErrors: 10,
} as const;
