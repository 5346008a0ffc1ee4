import { expect } from 'vitest';
import { Execution } from '../src/runtime/executor/execute.ts';
import { explain } from '../src/runtime/executor/explain.ts';
import { SimulatedKernel } from '../src/runtime/kernel/sim/index.ts';
import { simulatedBy } from '../src/runtime/plugins/index.ts';
import { hostDifferences } from '../src/testing/compare-hosts.ts';
import { MemoryJournal } from '../src/testing/memory-journal.ts';
import { testPlugins } from '../src/testing/plugins.ts';
import type { Example } from './example.ts';

/** Carries the plan out on a simulated kernel and takes it back: every step runs, and the host is as it was. */
export async function upAndDown({ inventory, plan }: Example): Promise<void> {
  const kernel = new SimulatedKernel(inventory, simulatedBy(testPlugins, inventory));
  const execution = new Execution({
    plan,
    host: { kernel, holders: () => [] },
    journal: new MemoryJournal(),
    explain,
    events: {},
    stepTimeoutMs: 10_000,
  });
  const up = await execution.up();
  expect(up.kind).toBe('up');
  expect([...up.ran]).toEqual(plan.up.map(({ id }) => id));
  const during = kernel.toInventory();
  for (const { address, driver } of plan.assignments) {
    expect(during.devices.find((device) => device.address === address)?.driver).toBe(driver);
  }
  expect(await execution.back(up)).toEqual([]);
  expect(hostDifferences(inventory, kernel.toInventory())).toEqual([]);
  expect(kernel.leaks()).toEqual([]);
}
