import { expect, it } from 'vitest';
import type { HostInventory, Plan } from '../../model/index.ts';
import { MemoryJournal } from '../../testing/memory-journal.ts';
import { deviceUse } from '../../testing/device-use.ts';
import { midwayHost, midwayPlan, smmuHost, smmuPlan } from '../../testing/platform-plan.ts';
import { FaultKernel, Killed } from '../kernel/fault.ts';
import type { Kernel } from '../kernel/port.ts';
import { RecordingKernel } from '../kernel/recording.ts';
import { SimulatedKernel } from '../kernel/sim/index.ts';
import { Execution } from './execute.ts';
import { explain } from './explain.ts';

interface Machine {
  readonly name: string;
  readonly inventory: HostInventory;
  readonly plan: Plan;
}

const MACHINES: readonly Machine[] = [
  { name: 'no-iommu', inventory: midwayHost().build(), plan: midwayPlan() },
  { name: 'smmu', inventory: smmuHost().build(), plan: smmuPlan() },
];

function executionOn(kernel: Kernel, plan: Plan, held?: string) {
  const journal = new MemoryJournal();
  const execution = new Execution({
    plan,
    host: { kernel, holders: ({ address }) => (address === held ? [deviceUse()] : []) },
    journal,
    explain,
    events: {},
    stepTimeoutMs: 1_000,
  });
  return { execution, journal };
}

/** Modules that the kernel loaded stay: the reset handler among them. Their parameters must be as before. */
const asBefore = ({ modules, ...rest }: HostInventory) => ({
  ...rest,
  parameters: Object.entries(modules).map(([name, { parameters }]) => [name, parameters]),
});

function expectAsBefore(kernel: SimulatedKernel, { inventory }: Machine, label: string): void {
  expect(asBefore(kernel.toInventory()), label).toEqual(asBefore(inventory));
  expect(kernel.leaks(), label).toEqual([]);
}

it.each(MACHINES)(
  'R-BACK-1: $name: up and the way back leave the host as it was, and nothing open',
  async (machine) => {
    const kernel = new SimulatedKernel(machine.inventory);
    const { execution } = executionOn(kernel, machine.plan);
    const outcome = await execution.up();
    expect(outcome).toMatchObject({ kind: 'up' });
    for (const { driver } of kernel.toInventory().devices) expect(driver).toMatch(/^vfio-/);
    expect(await execution.back(outcome)).toEqual([]);
    expectAsBefore(kernel, machine, 'after down');
  },
);

it.each(MACHINES)(
  'R-ORDER-1 to 4: $name: makes the calls of a plan in their order',
  async ({ name, inventory, plan }) => {
    const recording = new RecordingKernel(new SimulatedKernel(inventory));
    const { execution } = executionOn(recording, plan);
    const outcome = await execution.up();
    await execution.back(outcome);
    await expect(recording.text).toMatchFileSnapshot(`testdata/calls-${name}.txt`);
  },
);

async function callsOf({ inventory, plan }: Machine) {
  const kernel = new FaultKernel(new SimulatedKernel(inventory), { at: 1_000_000, when: 'before', how: 'EIO' });
  const { execution } = executionOn(kernel, plan);
  const outcome = await execution.up();
  const up = kernel.calls;
  await execution.back(outcome);
  return { up, all: kernel.calls };
}

it.each(MACHINES)(
  'R-BIND-3, R-BACK-1: $name: whichever call of up fails, all before it is taken back',
  async (machine) => {
    const { up } = await callsOf(machine);
    expect(up).toBeGreaterThan(30);
    for (let at = 1; at <= up; at++) {
      const simulated = new SimulatedKernel(machine.inventory);
      const kernel = new FaultKernel(simulated, { at, when: 'before', how: 'EIO' });
      const { execution } = executionOn(kernel, machine.plan);
      const outcome = await execution.up();
      const left = await execution.back(outcome);
      expect(
        left.map(({ explanation }) => explanation),
        `call ${at}`,
      ).toEqual([]);
      expectAsBefore(simulated, machine, `call ${at}`);
    }
  },
);

it.each(MACHINES)('R-BACK-2: $name: wherever the process is killed, the journal leads back', async (machine) => {
  const { all } = await callsOf(machine);
  for (let at = 1; at <= all; at++) {
    for (const when of ['before', 'after'] as const) {
      const simulated = new SimulatedKernel(machine.inventory);
      const { execution, journal } = executionOn(new FaultKernel(simulated, { at, when, how: 'kill' }), machine.plan);
      try {
        const outcome = await execution.up();
        await execution.back(outcome);
      } catch (error) {
        if (!(error instanceof Killed)) throw error;
      }
      simulated.kill();
      const { ran, undone, unsettled } = journal.state();
      const left = await executionOn(simulated, machine.plan).execution.back({ ran, undone, unsettled });
      expect(
        left.map(({ explanation }) => explanation),
        `${when} call ${at}`,
      ).toEqual([]);
      expectAsBefore(simulated, machine, `${when} call ${at}`);
    }
  }
});

it('R-TREE-5: runs on a kernel that knows the tree, which says what the tree says', async () => {
  const inventory = smmuHost().vfio({ devtreeInfo: true }).build();
  const plan = smmuPlan(inventory);
  expect(plan.up.map(({ kind }) => kind)).toContain('check-devtree-info');
  const kernel = new SimulatedKernel(inventory);
  const { execution } = executionOn(kernel, plan);
  const outcome = await execution.up();
  expect(outcome.kind).toBe('up');
  expect(await execution.back(outcome)).toEqual([]);
  expect(kernel.leaks()).toEqual([]);
});

it('R-TREE-5: stops where such a kernel sees another tree, and takes all back', async () => {
  const inventory = smmuHost().vfio({ devtreeInfo: true }).build();
  const plan = smmuPlan(inventory);
  const other: Plan = {
    ...plan,
    up: plan.up.map((step) => (step.kind === 'check-devtree-info' ? { ...step, path: '/soc/other' } : step)),
  };
  const kernel = new SimulatedKernel(inventory);
  const { execution } = executionOn(kernel, other);
  const outcome = await execution.up();
  expect(outcome).toMatchObject({ kind: 'failed', failure: { kind: 'answer', step: { kind: 'check-devtree-info' } } });
  expect(await execution.back(outcome)).toEqual([]);
  expect(asBefore(kernel.toInventory())).toEqual(asBefore(inventory));
});

it('R-TREE-2: stops where the kernel has other regions than the tree of the plan, before anything is mapped', async () => {
  const { inventory, plan } = machineNamed('smmu');
  const other: Plan = {
    ...plan,
    up: plan.up.map((step) => (step.kind === 'check-device-info' ? { ...step, regions: 7 } : step)),
  };
  const recording = new RecordingKernel(new SimulatedKernel(inventory));
  const outcome = await executionOn(recording, other).execution.up();
  expect(outcome).toMatchObject({ kind: 'failed', failure: { kind: 'answer', step: { kind: 'check-device-info' } } });
  expect(recording.text).not.toContain('VFIO_IOMMU_MAP_DMA');
});

it('R-BIND-4: does not unbind a device without an IOMMU while somebody has its node open, and names them', async () => {
  const { inventory, plan } = machineNamed('no-iommu');
  const kernel = new SimulatedKernel(inventory);
  const { execution, journal } = executionOn(kernel, plan);
  await execution.up();
  kernel.kill();
  const { ran } = journal.state();
  const left = await executionOn(kernel, plan, plan.assignments[0]?.address).execution.back({ ran });
  expect(left.map(({ kind, step }) => [kind, step.kind])).toContainEqual(['held', 'unbind-driver']);
  expect(left.find(({ kind }) => kind === 'held')?.explanation).toContain('guestd (pid 4242, user operator)');
  expect(kernel.blocked).toEqual([]);
});

it('R-GROUP-3: says what is missing where the kernel has no no-IOMMU mode', async () => {
  const { plan } = machineNamed('no-iommu');
  const inventory = midwayHost().module('vfio', 'loaded').build();
  const kernel = new SimulatedKernel(inventory);
  const { execution } = executionOn(kernel, plan);
  const outcome = await execution.up();
  expect(outcome).toMatchObject({
    kind: 'failed',
    failure: { errno: 'ENOENT', step: { kind: 'set-module-parameter' } },
  });
  if (outcome.kind === 'failed') expect(outcome.failure.explanation).toContain('built without');
});

function machineNamed(name: string): Machine {
  const machine = MACHINES.find((one) => one.name === name);
  if (!machine) throw new Error(`no machine ${name}`);
  return machine;
}
