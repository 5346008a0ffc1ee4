import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { decodePlan } from '../src/compiler/plan-file/decode.ts';
import { encodePlan } from '../src/compiler/plan-file/encode.ts';
import { verifyPlan } from '../src/compiler/verify/verify.ts';
import { guestTree } from '../src/cli/guest-tree.ts';
import { findInspected } from '../src/cli/find-inspected.ts';
import { indexHost, isPci } from '../src/model/index.ts';
import { renderPlan } from '../src/render/plan.ts';
import { platformReport } from '../src/render/platform/report.ts';
import { renderPlatform } from '../src/render/platform/text.ts';
import {
  exampleIn,
  filesIn,
  GUEST_TREE,
  inspectedIn,
  inventoryOf,
  shuffled,
  TREE_SOURCE,
  wrongFiles,
} from './example.ts';
import { upAndDown } from './example-run.ts';
import { EXAMPLES } from './kernel/examples.ts';
import { ROOT } from './sources.ts';

const FOLDER = join(ROOT, 'examples');
const folderOf = (name: string): string => join(FOLDER, name);
const names = existsSync(FOLDER)
  ? readdirSync(FOLDER, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort()
  : [];

const madeOfTrees = names.filter((name) => filesIn(folderOf(name)).includes(TREE_SOURCE));

test('there are examples, and each has a machine or a device tree of which its snapshot can be taken again', () => {
  expect(names.length).toBeGreaterThanOrEqual(8);
  expect([...EXAMPLES.map(({ name }) => name), ...madeOfTrees].sort()).toEqual(names);
});

test.each(names)('%s has its files, and each of them is read or compared', async (name) => {
  expect(wrongFiles(filesIn(folderOf(name)), await exampleIn(folderOf(name)))).toEqual([]);
});

test('an example without an expected plan, or with a file that nobody reads, is found', () => {
  const quiet = { diagnostics: [], manifests: ['vfio-compose.yaml', 'other.yaml'] };
  const files = ['README.md', 'host.json', 'vfio-compose.yaml', 'expected/config.txt', 'expected/diagnostics.txt'];
  expect(wrongFiles(files, quiet)).toEqual([
    'expected/plan.txt is missing',
    'other.yaml is missing',
    'expected/config.txt is read by nothing',
    'expected/diagnostics.txt is read by nothing',
  ]);
});

test.each(names)('%s gives the expected plan', async (name) => {
  const { plan } = await exampleIn(folderOf(name));
  await expect(renderPlan(plan)).toMatchFileSnapshot(join(folderOf(name), 'expected', 'plan.txt'));
});

const inspected = names.flatMap((name) =>
  filesIn(folderOf(name)).flatMap((file) => {
    const device = inspectedIn(file);
    return device === undefined ? [] : [{ name, file, device }];
  }),
);

test.each(inspected)('R-TREE-2, R-TREE-3: $name shows $device as expected', async ({ name, file, device }) => {
  const host = indexHost(await inventoryOf(folderOf(name)));
  const found = findInspected(host, device);
  if (found.kind !== 'device' || isPci(found.device)) throw new Error(`${device} is no platform device of ${name}`);
  const text = renderPlatform(host, platformReport(host, found.device), null);
  await expect(text).toMatchFileSnapshot(join(folderOf(name), file));
});

const withGuestTree = names.filter((name) => filesIn(folderOf(name)).includes(GUEST_TREE));

test.each(withGuestTree)('R-GUEST-4: %s gives the expected tree of its guest', async (name) => {
  const { resolved, inventory } = await exampleIn(folderOf(name));
  const made = guestTree(resolved, inventory, { vm: undefined, controller: 'intc' });
  await expect('source' in made && made.source).toMatchFileSnapshot(join(folderOf(name), GUEST_TREE));
});

const warned = await Promise.all(
  names.map(async (name) => ({ name, text: (await exampleIn(folderOf(name))).diagnosticsText })),
);

test.each(warned.filter(({ text }) => text !== ''))('$name gives the expected warnings', async ({ name, text }) => {
  await expect(text).toMatchFileSnapshot(join(folderOf(name), 'expected', 'diagnostics.txt'));
});

test.each(names)('%s has a plan that keeps the laws, and is the same when it was written and read', async (name) => {
  const { plan } = await exampleIn(folderOf(name));
  expect(verifyPlan(plan)).toEqual([]);
  const text = encodePlan(plan);
  const { value, diagnostics } = decodePlan(text, 'example.plan');
  expect(diagnostics).toEqual([]);
  expect(value).toEqual(plan);
  expect(value && encodePlan(value)).toBe(text);
});

test.each(names)('%s gives the same plan each time, in whatever order the host is read', async (name) => {
  const inventory = await inventoryOf(folderOf(name));
  const planOf = async (host: typeof inventory) => encodePlan((await exampleIn(folderOf(name), host)).plan);
  const plan = await planOf(inventory);
  expect(await planOf(inventory)).toBe(plan);
  expect(await planOf(shuffled(inventory))).toBe(plan);
});

test.each(names)('R-BACK-1: %s comes up on a simulated host, and the host is as before after down', async (name) => {
  await upAndDown(await exampleIn(folderOf(name)));
});
