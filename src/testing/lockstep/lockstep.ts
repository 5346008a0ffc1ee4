import { KernelError, type Kernel } from '../../runtime/kernel/port.ts';
import { busPath, devicePath, NOT_ASKED, type Act, type LockstepDevice, type Side } from './act.ts';
import { AREA_BYTES } from './mapping-acts.ts';

/** A call that two kernels answered differently. */
export interface Difference {
  /** Its place in the sequence. */
  readonly step: number;
  readonly call: string;
  readonly first: string;
  readonly second: string;
}

/** What a run of a sequence on two kernels showed. */
export interface Comparison {
  /** How often each call was answered with what: `ok`, or the errno. Calls that were not made are not counted. */
  readonly answers: ReadonlyMap<string, ReadonlyMap<string, number>>;
  readonly difference: Difference | undefined;
}

export interface Pair {
  readonly first: Kernel;
  readonly second: Kernel;
}

interface Answer {
  /** All of it, as compared. */
  readonly text: string;
  /** `ok` or the errno; undefined where nothing was called. */
  readonly kind: string | undefined;
}

const sideOf = (kernel: Kernel): Side => ({ kernel, fds: new Map(), memory: new Map() });

/**
 * Makes the same calls on two kernels and compares every result and every errno. Stops at the first difference, since
 * from there on the two are in different states. Both are given back either way: every file closed, every device on the
 * driver on which it rests.
 */
export async function lockstep(
  { first, second }: Pair,
  acts: readonly Act[],
  devices: readonly LockstepDevice[],
): Promise<Comparison> {
  const sides = [sideOf(first), sideOf(second)] as const;
  const answers = new Map<string, Map<string, number>>();
  let difference: Difference | undefined;
  try {
    for (const [step, act] of acts.entries()) {
      const [one, two] = [await answerOf(act, sides[0]), await answerOf(act, sides[1])];
      if (one.kind !== undefined) count(answers, act.name, one.kind);
      if (one.text === two.text) continue;
      difference = { step, call: act.text, first: one.text, second: two.text };
      break;
    }
  } finally {
    for (const side of sides) await giveBack(side, devices);
  }
  return { answers, difference };
}

function count(answers: Map<string, Map<string, number>>, name: string, kind: string): void {
  const ofCall = answers.get(name) ?? new Map<string, number>();
  answers.set(name, ofCall.set(kind, (ofCall.get(kind) ?? 0) + 1));
}

async function answerOf(act: Act, side: Side): Promise<Answer> {
  try {
    const value = await act.run(side);
    return value === NOT_ASKED ? { text: 'not asked', kind: undefined } : { text: show(value), kind: 'ok' };
  } catch (error) {
    if (error instanceof KernelError) return { text: error.code, kind: error.code };
    throw error;
  }
}

const show = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? `0x${part.toString(16)}` : part)) ?? 'ok';

async function giveBack({ kernel, fds, memory }: Side, devices: readonly LockstepDevice[]): Promise<void> {
  for (const fd of fds.values()) kernel.close(fd);
  for (const address of memory.values()) kernel.munmap(address, AREA_BYTES);
  for (const device of devices) {
    const { address, driver, rest } = device;
    const path = devicePath(device);
    const link = `${path}/driver`;
    const now = kernel.exists(link) ? kernel.readlink(link).split('/').pop() : undefined;
    await kernel.writeFile(`${path}/driver_override`, rest === null || rest === driver ? '\n' : rest);
    if (now === (rest ?? undefined)) continue;
    if (now !== undefined) await kernel.writeFile(`${link}/unbind`, address);
    if (rest !== null) await kernel.writeFile(`${busPath(device)}/drivers/${rest}/bind`, address);
  }
}
