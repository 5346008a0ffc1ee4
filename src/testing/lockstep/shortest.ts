import type { Act, LockstepDevice } from './act.ts';
import { lockstep, type Difference, type Pair } from './lockstep.ts';

/**
 * The calls that are needed to show a difference: those before it are left out, in ever smaller pieces, as long as the
 * same call is still answered differently in the same way. `pair` gives kernels in the state of the start; `tries` bounds
 * how often the calls are made again.
 */
export async function shortest(
  pair: () => Pair,
  acts: readonly Act[],
  devices: readonly LockstepDevice[],
  difference: Difference,
  tries: number,
): Promise<readonly string[]> {
  let kept = acts.slice(0, difference.step + 1);
  let left = tries;
  for (let piece = Math.ceil(kept.length / 2); piece >= 1; piece = piece === 1 ? 0 : Math.ceil(piece / 2)) {
    // From the end: the early calls make what the later ones need.
    for (let at = kept.length - 1 - piece; at > -piece && left > 0; at -= piece) {
      const without = kept.filter((_, i) => i < at || i >= at + piece);
      left -= 1;
      const still = await lockstep(pair(), without, devices);
      if (still && sameAs(difference, still)) kept = without.slice(0, still.step + 1);
    }
  }
  return kept.map(({ text }) => text);
}

const sameAs = (one: Difference, two: Difference): boolean =>
  one.call === two.call && one.first === two.first && one.second === two.second;
