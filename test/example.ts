import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { readManifest } from '../src/compiler/manifest/index.ts';
import { compile } from '../src/compiler/compile.ts';
import { encodePlan } from '../src/compiler/plan-file/encode.ts';
import type { HostInventory, Plan } from '../src/model/index.ts';
import { renderPlan } from '../src/render/plan.ts';
import { Execution } from '../src/runtime/executor/execute.ts';
import { canonicalInventory } from '../src/runtime/inventory/canonical.ts';
import { digestOf, loadInventory } from '../src/runtime/inventory/index.ts';
import { SimulatedKernel } from '../src/runtime/kernel/sim/index.ts';

/** Every account that an example may give its nodes to: those of the machine that runs the tests do not matter. */
const NAMES = { user: () => 1000, group: () => 1000 };
/** So that a plan does not change with each release. */
const TOOL_VERSION = '0.0.0-example';

/** What must be in an example's folder, and what may. */
const REQUIRED = ['vfio-compose.yaml', 'host.json', 'expected/plan.txt'];
const ALLOWED = new Set([...REQUIRED, 'README.md']);

/** What is wrong with the files of an example: a missing one, or one that nothing would compare. */
export function filesOf(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  return [
    ...REQUIRED.filter((file) => !files.includes(file)).map((file) => `${file} is missing`),
    ...files.filter((file) => !ALLOWED.has(file)).map((file) => `${file} is compared with nothing`),
  ];
}

export async function inventoryOf(folder: string): Promise<HostInventory> {
  const { value, diagnostics } = await loadInventory({ host: join(folder, 'host.json') });
  expect(diagnostics).toEqual([]);
  if (!value) throw new Error(`${folder}/host.json gave no inventory`);
  return value;
}

/** Compiles an example; an error in it fails the test. */
export function planOf(folder: string, inventory: HostInventory): Plan {
  const text = readFileSync(join(folder, 'vfio-compose.yaml'), 'utf8');
  const read = readManifest([{ file: 'vfio-compose.yaml', text }]);
  expect(read.diagnostics).toEqual([]);
  if (!read.value) throw new Error(`${folder}/vfio-compose.yaml gave no manifest`);
  const output = compile({
    manifest: read.value,
    inventory,
    digest: digestOf(inventory),
    names: NAMES,
    running: [],
    toolVersion: TOOL_VERSION,
  });
  expect(output.diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  if (!output.plan) throw new Error(`${folder} gave no plan`);
  return output.plan;
}

/** Compares the plan's text with `expected/plan.txt`; with UPDATE_EXAMPLES in the environment, writes it. */
export function expectPlanText(folder: string, plan: Plan): void {
  const path = join(folder, 'expected', 'plan.txt');
  if (process.env['UPDATE_EXAMPLES']) writeFileSync(path, renderPlan(plan));
  expect(renderPlan(plan)).toBe(existsSync(path) ? readFileSync(path, 'utf8') : '');
}

/** The same host with everything that has no order of its own in another order. */
export function shuffled(inventory: HostInventory): HostInventory {
  return {
    ...inventory,
    groups: [...inventory.groups].reverse(),
    devices: [...inventory.devices].reverse(),
    modules: Object.fromEntries(Object.entries(inventory.modules).reverse()),
  };
}

export { encodePlan };

/** What of a host must be as it was. Modules stay loaded (docs/adr/0002), with the parameters that they were given back. */
const comparable = (inventory: HostInventory) => ({
  ...(canonicalInventory(inventory, { identifiers: true, volatile: false }) as object),
  modules: null,
  vfio: null,
});

const parametersOf = (inventory: HostInventory) =>
  Object.entries(inventory.modules)
    .filter(([, module]) => module.state !== 'available')
    .map(([name, { parameters }]) => [name, parameters]);

/** Carries a plan out on a simulated kernel and takes it back; the host must have changed, and be as it was. */
export async function upAndDown(inventory: HostInventory, plan: Plan): Promise<void> {
  const kernel = new SimulatedKernel(inventory);
  const marks: string[] = [];
  const execution = new Execution({
    plan,
    host: { kernel, holders: () => [] },
    journal: { record: (mark, step) => void marks.push(`${mark} ${step}`) },
    explain: (error) => error.message,
    events: {},
    stepTimeoutMs: 10_000,
  });
  const up = await execution.up();
  expect(up).toMatchObject({ kind: 'up' });
  expect([...up.ran]).toEqual(plan.up.map(({ id }) => id));
  const during = kernel.toInventory();
  for (const { address, driver } of plan.assignments) {
    expect(during.devices.find((device) => device.address === address)?.driver).toBe(driver);
  }
  expect(await execution.back(up.ran)).toEqual([]);
  const after = kernel.toInventory();
  expect(comparable(after)).toEqual(comparable(inventory));
  expect(Object.fromEntries(parametersOf(after))).toMatchObject(Object.fromEntries(parametersOf(inventory)));
}
