import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { StepKind } from '../src/model/index.ts';
import { simulationsBy } from '../src/runtime/plugins/index.ts';
import { unboundedPlugins } from '../src/testing/plugins.ts';
import { planFor } from '../src/testing/index.ts';
import { exampleIn } from './example.ts';
import { troubleTwice } from './exhaustion/double-trouble.ts';
import type { Thoroughness } from './exhaustion/faults.ts';
import { Scene, type Subject } from './exhaustion/scene.ts';
import { courseOf, failEachCall, killEverywhere, type Proof } from './exhaustion/single-trouble.ts';
import { networkHost } from './simulate/random-host.ts';
import { ROOT } from './sources.ts';

/** Thousands of runs each: minutes where the machine is slow. */
const LONG = 600_000;

const names = readdirSync(join(ROOT, 'examples'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort();

async function subjectOf(name: string): Promise<Subject> {
  const { inventory, plan } = await exampleIn(join(ROOT, 'examples', name));
  return { name, inventory, plan, simulate: simulationsBy(unboundedPlugins, inventory) };
}

/** Steps that make no call which has an errno: they look whether something is there, and let time pass. */
const ONLY_WAIT: ReadonlySet<StepKind> = new Set(['wait-node', 'wait-noiommu-node', 'delay']);

const counted: { readonly name: string; readonly what: string; readonly cases: number }[] = [];

/** Counts the cases, and shows the first ten that did not hold. */
function holds(name: string, what: string, { cases, wrong }: Proof): void {
  expect(cases).toBeGreaterThan(0);
  expect(wrong.slice(0, 10)).toEqual([]);
  counted.push({ name, what, cases });
}

/** `one-nic: 611 faults, 72 kills: all came back`. */
function lineOf(name: string, of: typeof counted): string {
  const sum = (what: string) => of.reduce((all, one) => (one.what === what ? all + one.cases : all), 0);
  const parts = ['faults', 'kills', 'double faults'].flatMap((what) => (sum(what) > 0 ? [`${sum(what)} ${what}`] : []));
  return `${name}: ${parts.join(', ')}: all came back`;
}

afterAll(() => {
  const lines = names.flatMap((name) => {
    const of = counted.filter((one) => one.name === name);
    return of.length > 0 ? [lineOf(name, of)] : [];
  });
  if (lines.length > 0) console.log([...lines, lineOf('all examples', counted)].join('\n'));
});

test.each(names)(
  'R-BIND-3, R-BACK-1: %s comes back from every documented failure of every call',
  async (name) => {
    const subject = await subjectOf(name);
    const proof = await failEachCall(subject, await courseOf(subject));
    holds(name, 'faults', proof);
    // Each step that a call can fail, and whose failure ends `up`, was seen to fail: nothing was left out.
    const decisive = subject.plan.up.filter(
      (step) => !ONLY_WAIT.has(step.kind) && !('bestEffort' in step && step.bestEffort),
    );
    expect([...proof.failedSteps]).toEqual(decisive.map(({ id }) => id));
  },
  LONG,
);

test.each(names)(
  'R-BACK-2, R-ORDER-4: %s comes back wherever its process is killed',
  async (name) => {
    const subject = await subjectOf(name);
    holds(name, 'kills', await killEverywhere(subject, await courseOf(subject)));
  },
  LONG,
);

test(
  'R-BACK-2, R-GROUP-1: two devices of one group come back wherever the process is killed, also between the two',
  async () => {
    const inventory = networkHost({ behindSmmu: true, count: 2, withHandler: false, oneGroup: true }).build();
    const plan = planFor(
      {
        edge: {
          iommu: { type: 'type1v2', unsafeInterrupts: true },
          devices: { one: { platform: 'fff50000.ethernet' }, other: { platform: 'fff60000.ethernet' } },
        },
      },
      inventory,
    );
    const subject = { name: 'one group', inventory, plan, simulate: simulationsBy(unboundedPlugins, inventory) };
    const { cases, wrong } = await killEverywhere(subject, await courseOf(subject));
    expect(cases).toBeGreaterThan(100);
    expect(wrong).toEqual([]);
  },
  LONG,
);

const SMALL: readonly { readonly name: string; readonly thoroughness: Thoroughness }[] = [
  { name: 'one-nic', thoroughness: 'every errno' },
  { name: 'bind-for-dpdk', thoroughness: 'one errno' },
  { name: 'calxeda-midway', thoroughness: 'one errno' },
];

test.each(SMALL)(
  'R-BACK-2: $name comes back where the way back fails as well ($thoroughness of a call)',
  async ({ name, thoroughness }) => {
    const subject = await subjectOf(name);
    holds(name, 'double faults', await troubleTwice(subject, await courseOf(subject), thoroughness));
  },
  LONG,
);

test('R-ORDER-4: what is silent afterwards was loud while it was used, or its silence would prove nothing', async () => {
  const loud: string[] = [];
  for (const name of names) {
    const scene = new Scene(await subjectOf(name));
    await scene.upAndBack({}, () => loud.push(...scene.loud));
    expect(scene.loud).toEqual([]);
  }
  expect(loud.sort()).toEqual(['e0700000.xgmac', 'e0900000.xgmac', 'fff51000.ethernet']);
});
