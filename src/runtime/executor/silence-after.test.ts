import { expect, it } from 'vitest';
import { processParts } from '../../compiler/process-parts.ts';
import type { HostInventory, Plan, Process } from '../../model/index.ts';
import { host, planFor } from '../../testing/index.ts';
import { MemoryJournal } from '../../testing/memory-journal.ts';
import { smmuHost, XGBE } from '../../testing/platform-plan.ts';
import { silencedPlan } from '../../testing/program-plans.ts';
import { StubbornRegisters } from '../../testing/stubborn-registers.ts';
import { SimulatedKernel, type SimulationOptions } from '../kernel/sim/index.ts';
import { Execution } from './execute.ts';
import { explain } from './explain.ts';

const ADDRESS = '0000:31:00.0';
const pci = host().intelIommu().nic(ADDRESS, { group: 26 }).build();
const vm = { devices: { wan: { pci: ADDRESS, irqs: [{ index: 'msix' as const, count: 2 }] } } };
const held = planFor({ edge: { ...vm, run: { command: ['/bin/x'] } } }, pci);
const CLEAR = `back:clear-irqs:${ADDRESS}/msix`;

/** The process of a plan that has one, or one that would be that of the VM. */
function processOf(plan: Plan, vm: string): Process {
  const parts = processParts(vm, plan.assignments, plan);
  const rest = { vm, command: ['/bin/x'], user: null, workingDirectory: '/', environment: [], onExit: 'hold' } as const;
  return plan.processes?.[0] ?? { ...rest, command: [...rest.command], environment: [], ...parts };
}

/** A plan that is up, and what of it has been finished since. */
async function up(plan: Plan, inventory: HostInventory, options: SimulationOptions = {}) {
  const kernel = new SimulatedKernel(inventory, options);
  const finished: string[] = [];
  const journal = new MemoryJournal();
  const make = () =>
    new Execution({
      plan,
      host: { kernel, holders: () => [] },
      journal,
      explain,
      events: { finished: ({ id }) => void finished.push(id) },
      stepTimeoutMs: 1_000,
    });
  const execution = make();
  const outcome = await execution.up();
  if (outcome.kind !== 'up') throw new Error(`up of the test failed: ${outcome.failure.explanation}`);
  finished.length = 0;
  return { kernel, execution, make, ran: outcome.ran, finished };
}

it('R-RESET-1: what silenced a device after its process is not turned off again on the way back, and all comes back', async () => {
  const { execution, ran, finished } = await up(held, pci);
  expect(await execution.silenceAfter(processOf(held, 'edge'), ran)).toEqual([]);
  expect(await execution.silenceAfter(processOf(held, 'edge'), ran)).toEqual([]);
  expect(await execution.back({ ran })).toEqual([]);
  expect(finished).not.toContain(CLEAR);
  expect(finished.filter((id) => id.startsWith(`back:reset-device:${ADDRESS}`))).toHaveLength(1);
});

it('interrupts that are connected again are turned off again, by the next silence and by the way back', async () => {
  const process = processOf(held, 'edge');
  const { execution, ran, finished } = await up(held, pci);
  for (let round = 0; round < 3; round++) {
    expect(await execution.silenceAfter(process, ran)).toEqual([]);
    expect(await execution.reconnect(process)).toBeUndefined();
  }
  expect(await execution.back({ ran })).toEqual([]);
  expect(finished).toContain(CLEAR);
});

it('says what cannot be connected again', async () => {
  const { execution } = await up(held, pci);
  // The kernel refuses an eventfd that is none.
  execution.handles.setFd(`eventfd#${ADDRESS}/msix/0`, execution.handles.fd('container#edge'));
  expect(await execution.reconnect(processOf(held, 'edge'))).toMatchObject({ kind: 'errno' });
});

it('R-RESET-1: a device that was only bound is silenced through the recovery of the plan, and no other device is touched', async () => {
  const helpless = { reset_required: 'N' };
  const inventory = smmuHost()
    .withoutModule('vfio_platform_amdxgbe')
    .module('vfio_platform', 'loaded', helpless)
    .build();
  const registers = new StubbornRegisters();
  const plan = silencedPlan(inventory);
  const { kernel, make, ran } = await up(plan, inventory, {
    devices: new Map([[XGBE, { registers, resetHandler: false }]]),
  });
  const CONTROL = 0xf18n;
  registers.write(0, CONTROL, 4, 0x2006n);
  // Whoever held it is gone: what is silenced has to be opened again.
  kernel.kill();
  const silence = (plan.recover ?? []).map(({ id }) => id);
  expect(silence.length).toBeGreaterThan(0);
  expect(await make().silenceAfter({ ...processOf(plan, 'edge'), silence: [] }, ran)).toEqual([]);
  expect(registers.read(0, CONTROL, 4) & 0x2002n).not.toBe(0n);
  expect(await make().silenceAfter({ ...processOf(plan, 'edge'), silence }, ran)).toEqual([]);
  expect(registers.read(0, CONTROL, 4) & 0x2002n).toBe(0n);
});
