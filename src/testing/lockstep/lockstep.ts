import type { Kernel } from '../../runtime/kernel/port.ts';
import { sideOf, type Act, type LockstepDevice } from './act.ts';
import { answerOf } from './answer.ts';
import { giveBack } from './give-back.ts';
import { Tally } from './tally.ts';

/** A call that two kernels answered differently. */
export interface Difference {
  /** Its place in the sequence. */
  readonly step: number;
  readonly call: string;
  readonly first: string;
  readonly second: string;
}

export interface Pair {
  readonly first: Kernel;
  readonly second: Kernel;
}

/**
 * Makes the same calls on two kernels and compares every result and every errno. Stops at the first difference, since
 * from there on the two are in different states. Both are given back either way: every file closed, every device on the
 * driver on which it rests. What the first answered is counted.
 */
export async function lockstep(
  { first, second }: Pair,
  acts: readonly Act[],
  devices: readonly LockstepDevice[],
  tally = new Tally(),
): Promise<Difference | undefined> {
  const sides = [sideOf(first), sideOf(second)] as const;
  try {
    for (const [step, act] of acts.entries()) {
      const [one, two] = [await answerOf(act, sides[0]), await answerOf(act, sides[1])];
      tally.add(act, one);
      if (one !== two) return { step, call: act.text, first: one, second: two };
    }
    return undefined;
  } finally {
    for (const side of sides) await giveBack(side, devices);
  }
}

/** What a kernel answers to each call of a sequence. It is given back afterwards. */
export async function answersOf(
  kernel: Kernel,
  acts: readonly Act[],
  devices: readonly LockstepDevice[],
): Promise<readonly string[]> {
  const side = sideOf(kernel);
  const answers: string[] = [];
  try {
    for (const act of acts) answers.push(await answerOf(act, side));
    return answers;
  } finally {
    await giveBack(side, devices);
  }
}

/** A kernel's answers, kept from when it was there, and what another one answers now. */
export async function againstAnswers(
  kept: readonly string[],
  second: Kernel,
  acts: readonly Act[],
  devices: readonly LockstepDevice[],
  tally = new Tally(),
): Promise<Difference | undefined> {
  const now = await answersOf(second, acts, devices);
  for (const [step, act] of acts.entries()) {
    const [one = 'nothing', two = 'nothing'] = [kept[step], now[step]];
    if (one !== two) return { step, call: act.text, first: one, second: two };
    tally.add(act, one);
  }
  return undefined;
}
