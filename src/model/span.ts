/** A place in a text: 1-based line and column (in Unicode characters), 0-based offset (in UTF-16 units). */
export interface Position {
  readonly line: number;
  readonly column: number;
  readonly offset: number;
}

/** A piece of a manifest file. `end` is exclusive. `file` is the name as given, relative to the project directory. */
export interface Span {
  readonly file: string;
  readonly start: Position;
  readonly end: Position;
}
