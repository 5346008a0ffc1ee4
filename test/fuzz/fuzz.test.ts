import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mutated } from './mutations.ts';
import { targets } from './targets/index.ts';

/** Inputs of each target: a few seconds of processor time for all five. `npm run fuzz` goes on for as long as it is told. */
const RUNS: Readonly<Record<string, number>> = {
  manifest: 150,
  snapshot: 150,
  plan: 250,
  'device-tree': 150,
  state: 60,
};

test.each(targets)('SECURITY: $name: every seed is good', async ({ seeds, run }) => {
  const all = await seeds();
  expect(all.length).toBeGreaterThan(0);
  for (const seed of all) await run(seed);
});

test.each(targets)(
  'SECURITY: $name: any input ends in a refusal or in what the rules allow',
  async ({ name, seeds, run }) => {
    // A failure prints its seed and its path; fc.assert(…, { seed, path }) repeats it.
    await fc.assert(fc.asyncProperty(mutated(await seeds()), run), {
      numRuns: Number(process.env['FUZZ_RUNS'] ?? RUNS[name]),
    });
  },
);
