import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { encodePlan, expectPlanText, filesOf, inventoryOf, planOf, shuffled, upAndDown } from './example.ts';
import { ROOT } from './sources.ts';

const EXAMPLES = join(ROOT, 'examples');
const names = existsSync(EXAMPLES)
  ? readdirSync(EXAMPLES, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort()
  : [];

test('there are examples', () => {
  expect(names.length).toBeGreaterThanOrEqual(4);
});

test.each(names)('%s has its files, and each is compared with something', (name) => {
  expect(filesOf(join(EXAMPLES, name))).toEqual([]);
});

test.each(names)('%s gives the expected plan', async (name) => {
  const folder = join(EXAMPLES, name);
  expectPlanText(folder, planOf(folder, await inventoryOf(folder)));
});

test.each(names)('%s gives the same plan each time, in whatever order the host is read', async (name) => {
  const folder = join(EXAMPLES, name);
  const inventory = await inventoryOf(folder);
  const plan = encodePlan(planOf(folder, inventory));
  expect(encodePlan(planOf(folder, inventory))).toBe(plan);
  expect(encodePlan(planOf(folder, shuffled(inventory)))).toBe(plan);
});

test.each(names)('R-BACK-1: %s comes up on a simulated host, and goes back to what the host was', async (name) => {
  const folder = join(EXAMPLES, name);
  const inventory = await inventoryOf(folder);
  await upAndDown(inventory, planOf(folder, inventory));
});
