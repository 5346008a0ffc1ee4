/** Compares two kernels call by call over random sequences. */
export type { LockstepDevice } from './act.ts';
export { lockstep, type Comparison, type Difference, type Pair } from './lockstep.ts';
export { randomSequence, type SequenceOptions, type Start } from './sequence.ts';
export { shortest } from './shortest.ts';
