import type { PortCall } from '../../src/runtime/kernel/delegate.ts';
import { type Fault, FaultKernel } from '../../src/runtime/kernel/fault.ts';
import { failuresOf, ListingKernel } from './faults.ts';
import type { Death } from './mortal-journal.ts';
import { type Ending, Scene, type Subject, type Trouble } from './scene.ts';

/** What an undisturbed run does: where trouble can be put. */
export interface Course {
  /** The calls of `up` and of the way back, in order. */
  readonly calls: readonly PortCall[];
  /** How many of them `up` makes. */
  readonly upCalls: number;
  /** Entries of the journal. */
  readonly entries: number;
}

export async function courseOf(subject: Subject): Promise<Course> {
  const scene = new Scene(subject);
  const listing: { kernel?: ListingKernel } = {};
  let upCalls = 0;
  const ending = await scene.upAndBack(
    { kernel: (inner) => (listing.kernel = new ListingKernel(inner)) },
    () => (upCalls = listing.kernel?.calls.length ?? 0),
  );
  const wrong = [...(ending === 'back' ? [] : [`it ended "${ending}"`]), ...scene.differences()];
  if (wrong.length > 0) throw new Error(`${subject.name} undisturbed: ${wrong.join('; ')}`);
  return { calls: listing.kernel?.calls ?? [], upCalls, entries: scene.journal.entries };
}

export const failing = (fault: Fault): Trouble => ({ kernel: (inner) => new FaultKernel(inner, fault) });
export const dying = (death: Death): Trouble => ({ death });

/** Every way in which a process can die: before each call, before each entry of the journal, and in the middle of one. */
export function deathsIn(calls: number, entries: number): { readonly label: string; readonly trouble: Trouble }[] {
  const deaths = [];
  for (let at = 1; at <= calls; at++) {
    deaths.push({ label: `killed before call ${at}`, trouble: failing({ at, when: 'before', how: 'kill' }) });
  }
  for (let at = 1; at <= entries; at++) {
    for (const written of ['nothing', 'half'] as const) {
      deaths.push({ label: `killed with ${written} of entry ${at} written`, trouble: dying({ at, written }) });
    }
  }
  return deaths;
}

/** What came of a proof: how many cases there were, and those that did not hold, a line each. */
export interface Proof {
  readonly cases: number;
  readonly wrong: readonly string[];
  /** The steps that were seen to end `up`. */
  readonly failedSteps: ReadonlySet<string>;
}

/**
 * Each call fails with each errno that is documented for it. Where `up` fails, the rollback alone has to bring the host back;
 * where the way back fails, one more process has to.
 */
export async function failEachCall(subject: Subject, { calls, upCalls }: Course): Promise<Proof> {
  const wrong: string[] = [];
  const failedSteps = new Set<string>();
  let cases = 0;
  for (const [index, call] of calls.entries()) {
    for (const fault of failuresOf(call, index + 1)) {
      cases += 1;
      const scene = new Scene(subject);
      const ending = await scene.upAndBack(failing(fault));
      if (scene.failed) failedSteps.add(scene.failed.step.id);
      const inUp = index < upCalls;
      if (ending === 'left' && inUp) wrong.push(`${labelOf(call, fault)}: the rollback left ${scene.leftText}`);
      await expectCameBack(scene, ending, labelOf(call, fault), wrong);
    }
  }
  return { cases, wrong, failedSteps };
}

/** The process is killed at each place of its life; the next one brings the host back. */
export async function killEverywhere(subject: Subject, { calls, entries }: Course): Promise<Proof> {
  const wrong: string[] = [];
  const deaths = deathsIn(calls.length, entries);
  for (const { label, trouble } of deaths) {
    const scene = new Scene(subject);
    const ending = await scene.upAndBack(trouble);
    if (ending !== 'killed') wrong.push(`${label}: it ended "${ending}"`);
    await expectCameBack(scene, ending, label, wrong);
  }
  return { cases: deaths.length, wrong, failedSteps: new Set() };
}

/** Where something is left, one more process, that nothing happens to, must bring it back; then all must be as before. */
export async function expectCameBack(scene: Scene, ending: Ending, label: string, wrong: string[]): Promise<void> {
  const end = ending === 'back' ? ending : await scene.resume();
  if (end !== 'back') wrong.push(`${label}: down left ${scene.leftText}`);
  wrong.push(...scene.differences().map((line) => `${label}: ${line}`));
}

export const labelOf = ({ name, target }: PortCall, { at, when, how }: Fault): string =>
  `${how} ${when === 'before' ? 'at' : 'after the effect of'} call ${at}, ${name} ${target}`;
