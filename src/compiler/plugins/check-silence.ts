import { hex, type ResetAction, type ResetMoment } from '../../model/index.ts';

/** What a plugin does to silence a device, at each moment. */
export type Silencing = Readonly<Record<ResetMoment, readonly ResetAction[]>>;

/**
 * What is wrong with how a plugin silences a device, in words. All that was needed to silence it before its use is needed
 * again after it (R-ORDER-4), and when its holder is gone (R-RESET-1). The kernel silences a PCI function as it opens it and
 * as it closes it, so there it takes a write of its own only while its memory is still mapped.
 */
export function faultOfSilence(silencing: Silencing, pci: boolean): string | undefined {
  const before = silencing['before-use'];
  const after = silencing['after-use'];
  if (Object.values(silencing).some((actions) => actions.some(({ kind }) => kind === 'hot-reset'))) {
    return 'it silences by a hot reset, which is about other devices too; "reset" can ask for one';
  }
  if (before.length === 0 && pci) {
    return after.some(({ kind }) => kind === 'write' || kind === 'modify')
      ? undefined
      : 'it silences nothing after use';
  }
  if (!repeats(after, before)) return 'after use it leaves out what it does before';
  if (!pci && !repeats(silencing['after-crash'], before)) return 'after a crash it leaves out what it does before use';
  return undefined;
}

/** Whether a program has all of another, in its order. */
function repeats(program: readonly ResetAction[], needed: readonly ResetAction[]): boolean {
  const words = needed.map(wordsOf);
  let next = 0;
  for (const action of program) if (wordsOf(action) === words[next]) next += 1;
  return next === words.length;
}

/** An action without its reason. */
const wordsOf = ({ why: _, ...action }: ResetAction): string =>
  JSON.stringify(action, (_key, value: unknown) => (typeof value === 'bigint' ? hex(value) : value));
