/** The two ways of a plan. */
export type Way = 'up' | 'down';

/** The moments of a step at which a process can die, in their order. */
export const MOMENTS = ['before its call', 'after its call', 'when it is over'] as const;

/**
 * A moment of a step. `before its call` a durable step is on record as begun; `after its call` it has happened and its end is
 * not on record; `when it is over` that is too, and the next one has not begun.
 */
export type Moment = (typeof MOMENTS)[number];

/** Where a process is to be killed. */
export interface KillPoint {
  readonly way: Way;
  readonly step: string;
  readonly moment: Moment;
}

/** A step that was carried out. */
export interface SeenStep {
  readonly way: Way;
  readonly step: string;
  /** Whether it called the kernel for more than a look: one that finds the host as it should be has nothing to do. */
  readonly called: boolean;
  /** Whether it outlives the process. */
  readonly durable: boolean;
}

/** What a process has of the machine, after a cycle. */
export interface Footprint {
  readonly openFiles: number;
  /** VmLck and VmRSS of /proc/PID/status (proc(5)), in KiB. */
  readonly lockedKiB: number;
  readonly residentKiB: number;
  /** What the kernel could give to others, as it says itself (MemAvailable of /proc/meminfo). */
  readonly availableKiB: number;
  /** Whether garbage was collected before. */
  readonly collected: boolean;
}
