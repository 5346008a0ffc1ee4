/** Compares two kernels call by call over random sequences. */
export type { Act, LockstepDevice } from './act.ts';
export { kindOf } from './answer.ts';
export { againstAnswers, answersOf, lockstep, type Difference, type Pair } from './lockstep.ts';
export { randomSequence, type SequenceOptions, type Start } from './sequence.ts';
export { Tally } from './tally.ts';
export { shortest } from './shortest.ts';
