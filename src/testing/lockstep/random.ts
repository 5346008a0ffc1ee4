import { invariant } from '../../model/invariant.ts';

/** A whole number from 0 to below the given one. */
export type Random = (below: number) => number;

/** Numbers that look random and are the same for the same seed (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** One of several, each as likely as the others. */
export function pick<T>(random: Random, from: readonly T[]): T {
  const index = random(from.length);
  invariant(index < from.length, 'there is nothing to pick from');
  return from[index] as T;
}
