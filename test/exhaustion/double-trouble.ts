import { type Fault, FaultKernel } from '../../src/runtime/kernel/fault.ts';
import type { Kernel } from '../../src/runtime/kernel/port.ts';
import { failuresOf, ListingKernel, type Thoroughness } from './faults.ts';
import { type Ending, Scene, type Subject, type Trouble } from './scene.ts';
import { type Course, deathsIn, expectCameBack, failing, labelOf, type Proof } from './single-trouble.ts';

interface Labelled {
  readonly label: string;
  readonly trouble: Trouble;
}

/**
 * Something goes wrong, and then again on the way back from it: every pair. The first is the death of the process anywhere, or
 * a failure of any call; the second as well, in the rollback of the same process, or in the recovery by the next one.
 * Whatever is left then, an undisturbed `down` has to bring back.
 */
export async function troubleTwice(subject: Subject, course: Course, how: Thoroughness): Promise<Proof> {
  const wrong: string[] = [];
  let cases = 0;
  const prove = async (label: string, scene: Scene, ending: Ending) => {
    cases += 1;
    await expectCameBack(scene, ending, label, wrong);
  };
  for (const { first, label } of firstFailures(course)) {
    for (const second of await troublesAfter(subject, first, how)) {
      const scene = new Scene(subject);
      await prove(`${label}, then ${second.label}`, scene, await scene.upAndBack(second.trouble));
    }
  }
  const firsts = [
    ...firstFailures(course).map(({ first, label }) => ({ label, trouble: failing(first) })),
    ...deathsIn(course.calls.length, course.entries),
  ];
  for (const first of firsts) {
    for (const second of await troublesOfRecovery(subject, first.trouble, how)) {
      const scene = new Scene(subject);
      await scene.upAndBack(first.trouble);
      await prove(`${first.label}, then in recovery ${second.label}`, scene, await scene.resume(second.trouble));
    }
  }
  return { cases, wrong, failedSteps: new Set() };
}

/** One failure of each call: with the errno that is documented first. */
const firstFailures = ({ calls }: Course): { readonly first: Fault; readonly label: string }[] =>
  calls.flatMap((call, index) =>
    failuresOf(call, index + 1, 'one errno').map((first) => ({ first, label: labelOf(call, first) })),
  );

/** What can go wrong in the rest of the process in which a call failed. */
async function troublesAfter(subject: Subject, first: Fault, how: Thoroughness): Promise<Labelled[]> {
  const scene = new Scene(subject);
  let listing: ListingKernel | undefined;
  let entriesBefore = 0;
  const kernel = (inner: Kernel) => {
    const broken = new FaultKernel(inner, first);
    listing = new ListingKernel(broken, () => {
      if (!broken.happened) entriesBefore = scene.journal.entries;
      return broken.happened;
    });
    return listing;
  };
  await scene.upAndBack({ kernel });
  const again = (second: Fault) => (inner: Kernel) => {
    const broken = new FaultKernel(inner, first);
    return new FaultKernel(broken, { ...second, counts: () => broken.happened });
  };
  const entries = scene.journal.entries;
  return [
    ...(listing?.calls ?? []).flatMap((call, index) => [
      ...failuresOf(call, index + 1, how).map((second) => ({
        label: labelOf(call, second),
        trouble: { kernel: again(second) },
      })),
      {
        label: `killed before call ${index + 1}`,
        trouble: { kernel: again({ at: index + 1, when: 'before', how: 'kill' }) },
      },
    ]),
    ...deathsIn(0, entries)
      .filter(({ trouble }) => (trouble.death?.at ?? 0) > entriesBefore)
      .map(({ label, trouble }) => ({ label, trouble: { ...trouble, ...failing(first) } })),
  ];
}

/** What can go wrong in the process that comes after a first trouble; nothing where none has to come. */
async function troublesOfRecovery(subject: Subject, first: Trouble, how: Thoroughness): Promise<Labelled[]> {
  const scene = new Scene(subject);
  if ((await scene.upAndBack(first)) === 'back') return [];
  let listing: ListingKernel | undefined;
  await scene.resume({ kernel: (inner) => (listing = new ListingKernel(inner)) });
  const calls = listing?.calls ?? [];
  return [
    ...calls.flatMap((call, index) =>
      failuresOf(call, index + 1, how).map((second) => ({ label: labelOf(call, second), trouble: failing(second) })),
    ),
    ...deathsIn(calls.length, scene.journal.entries),
  ];
}
