import type { Act } from './act.ts';
import { kindOf } from './answer.ts';

/** How often each call was answered with what: `ok`, or the errno. Calls that were not made are not counted. */
export class Tally {
  readonly counts: Record<string, Record<string, number>> = {};

  add({ name }: Act, answer: string): void {
    const kind = kindOf(answer);
    if (kind === undefined) return;
    const ofCall = (this.counts[name] ??= {});
    ofCall[kind] = (ofCall[kind] ?? 0) + 1;
  }

  /** How many calls were made. */
  get calls(): number {
    return Object.values(this.counts).reduce((sum, kinds) => Object.values(kinds).reduce((a, b) => a + b, sum), 0);
  }

  /** A comparison of calls that always fail, or never, would not say much: which of these have never succeeded, or never failed. */
  onesided(calls: readonly string[]): readonly string[] {
    return calls.flatMap((call) => {
      const { ok = 0, ...refused } = this.counts[call] ?? {};
      return [
        ...(ok > 0 ? [] : [`${call} never succeeded`]),
        ...(Object.keys(refused).length > 0 ? [] : [`${call} was never refused`]),
      ];
    });
  }
}
