import { expect } from 'vitest';
import type { HostInventory, Plan } from '../src/model/index.ts';
import { Execution, type UpOutcome } from '../src/runtime/executor/execute.ts';
import { explain } from '../src/runtime/executor/explain.ts';
import { FaultKernel, type Fault, Killed } from '../src/runtime/kernel/fault.ts';
import type { Kernel } from '../src/runtime/kernel/port.ts';
import { SimulatedKernel } from '../src/runtime/kernel/sim/index.ts';
import { simulatedBy } from '../src/runtime/plugins/index.ts';
import { MemoryJournal } from '../src/testing/memory-journal.ts';
import { testPlugins } from '../src/testing/plugins.ts';
import type { Example } from './example.ts';

function executionOf(plan: Plan, kernel: Kernel, journal = new MemoryJournal()): Execution {
  return new Execution({
    plan,
    host: { kernel, holders: () => [] },
    journal,
    explain,
    events: {},
    stepTimeoutMs: 10_000,
  });
}

/** A module that was loaded stays (docs/adr/0002); everything else must be as before. */
const exceptModules = ({ modules: _, ...rest }: HostInventory) => rest;

function expectAsBefore(kernel: SimulatedKernel, inventory: HostInventory, label: string): void {
  expect(exceptModules(kernel.toInventory()), label).toEqual(exceptModules(inventory));
  expect(kernel.leaks(), label).toEqual([]);
}

/** The host of an example, with the registers and the backends that plugins know. */
const simulated = (inventory: HostInventory): SimulatedKernel =>
  new SimulatedKernel(inventory, simulatedBy(testPlugins, inventory));

/** Carries the plan out on a simulated kernel and takes it back: every step runs, and the host is as it was. */
export async function upAndDown({ inventory, plan }: Example): Promise<void> {
  const kernel = simulated(inventory);
  const execution = executionOf(plan, kernel);
  const up = await execution.up();
  expect(up.kind).toBe('up');
  expect([...up.ran]).toEqual(plan.up.map(({ id }) => id));
  const during = kernel.toInventory();
  for (const { address, driver } of plan.assignments) {
    expect(during.devices.find((device) => device.address === address)?.driver).toBe(driver);
  }
  expect(await execution.back(up.ran)).toEqual([]);
  expectAsBefore(kernel, inventory, 'after down');
}

/** How many calls an undisturbed run makes: in `up`, and with the way back. */
async function callsOf({ inventory, plan }: Example): Promise<{ readonly up: number; readonly all: number }> {
  const kernel = new FaultKernel(simulated(inventory), { at: Infinity, when: 'before', how: 'EIO' });
  const execution = executionOf(plan, kernel);
  const { ran } = await execution.up();
  const up = kernel.calls;
  await execution.back(ran);
  return { up, all: kernel.calls };
}

/**
 * Fails each call of `up` in turn; each time the steps before it are taken back and the host is as it was.
 * Returns the steps that were seen to fail.
 */
export async function failEachCall(example: Example): Promise<ReadonlySet<string>> {
  const { inventory, plan } = example;
  const failed = new Set<string>();
  const { up } = await callsOf(example);
  for (let at = 1; at <= up; at++) {
    const kernel = simulated(inventory);
    const execution = executionOf(plan, new FaultKernel(kernel, { at, when: 'before', how: 'EIO' }));
    const outcome: UpOutcome = await execution.up();
    if (outcome.kind === 'failed') failed.add(outcome.failure.step.id);
    expect(await execution.back(outcome.ran), `call ${at}`).toEqual([]);
    expectAsBefore(kernel, inventory, `call ${at}`);
  }
  return failed;
}

/** Kills the process before and after each call that leaves something behind; the journal leads back. */
export async function killAtEachCall(example: Example): Promise<number> {
  const { inventory, plan } = example;
  const { all } = await callsOf(example);
  let kills = 0;
  for (let at = 1; at <= all; at++) {
    const fault: Fault = { at, when: at % 2 === 0 ? 'before' : 'after', how: 'kill' };
    const kernel = simulated(inventory);
    const journal = new MemoryJournal();
    const execution = executionOf(plan, new FaultKernel(kernel, fault), journal);
    try {
      await execution.back((await execution.up()).ran);
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      kills += 1;
    }
    kernel.kill();
    const { ran, undone, unsettled } = journal.state();
    const left = await executionOf(plan, kernel).back(ran, undone, new Set(), unsettled);
    expect(left, `killed at call ${at}`).toEqual([]);
    expectAsBefore(kernel, inventory, `killed at call ${at}`);
  }
  return kills;
}

/** The steps whose failure ends `up`. */
export const decisiveSteps = (plan: Plan): string[] =>
  plan.up.filter((step) => !('bestEffort' in step && step.bestEffort)).map(({ id }) => id);
