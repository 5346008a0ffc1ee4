/** One measured value. */
export interface BenchRow {
  /** What was measured, and with which program. */
  readonly what: string;
  /** NaN where it could not be measured; `what` then says why, and `met` is false. */
  readonly value: number;
  /** `ms`, `s`, `MB`, `x` for a ratio. */
  readonly unit: string;
  /** The most that it may be, in words with its unit (`at most 300 ms`). */
  readonly limit?: string;
  /** Whether it keeps the limit; absent where there is none. */
  readonly met?: boolean;
}

/** What one benchmark found. */
export interface BenchResult {
  readonly name: string;
  /** How it was measured: the load, the number of runs, what the values are. */
  readonly method: string;
  readonly rows: readonly BenchRow[];
  /** Programs measured in the same run for comparison, with their versions. */
  readonly peers: readonly string[];
  /** Why nothing was measured, where this machine cannot. */
  readonly skipped?: string;
}
