import { expect, it } from 'vitest';
import type { Plan } from '../../model/index.ts';
import { host, planFor } from '../../testing/index.ts';
import type { Vms } from '../../testing/rule.ts';
import { MemoryJournal } from '../../testing/memory-journal.ts';
import { midwayHost, smmuHost, smmuPlan, XGBE, XGMAC } from '../../testing/platform-plan.ts';
import { xgmacPlan } from '../../testing/program-plans.ts';
import { StubbornRegisters } from '../../testing/stubborn-registers.ts';
import { type Fault, FaultKernel } from '../kernel/fault.ts';
import type { Kernel } from '../kernel/port.ts';
import { type DeviceModel, SimulatedKernel } from '../kernel/sim/index.ts';
import { Execution } from './execute.ts';
import { explain } from './explain.ts';

/** Up and back on a kernel with models of its devices: what is left, and which driver each device is on then. */
async function there(
  inventory: ConstructorParameters<typeof SimulatedKernel>[0],
  plan: Plan,
  devices: Map<string, DeviceModel>,
) {
  const kernel = new SimulatedKernel(inventory, { devices });
  const host = { kernel, holders: () => [] };
  const execution = new Execution({
    plan,
    host,
    journal: new MemoryJournal(),
    explain,
    events: {},
    stepTimeoutMs: 1_000,
  });
  const outcome = await execution.up();
  if (outcome.kind !== 'up') throw new Error(outcome.failure.explanation);
  return async (before: () => void = () => undefined) => {
    before();
    const left = (await execution.back(outcome)).map(({ step }) => step.id);
    const drivers = Object.fromEntries(kernel.toInventory().devices.map(({ address, driver }) => [address, driver]));
    return { left, drivers, leaks: kernel.leaks() };
  };
}

const GPU = '0000:01:00.0';
const SOUND = '0000:01:00.1';
const NIC = '0000:02:00.0';
const PCI_COMMAND = 4n;

/** A graphics card with its sound function, which only a bus reset resets, and a network card of another bus. */
const bus = () =>
  host()
    .intelIommu()
    .bridge('00:1c.0', { bus: '01' })
    .gpu('01:00.0', { group: 12 })
    .audio('01:00.1', { group: 12 })
    .nic('02:00.0', { group: 13 });

const CARDS: Vms = {
  edge: {
    memory: [{ iova: '0', size: '4MiB' }],
    devices: { gpu: { pci: '01:00.0' }, sound: { pci: '01:00.1' }, nic: { pci: '02:00.0' } },
  },
};

it('R-RESET-5: resets a bus whose functions all are held, and stops before it where one is not', async () => {
  const plan = planFor(CARDS, bus().build());
  let resets = 0;
  const registers = Object.assign(new StubbornRegisters(), { reset: () => void (resets += 1) });
  const back = await there(bus().build(), plan, new Map([[GPU, { registers }]]));
  const before = resets;
  expect(before).toBeGreaterThan(0);
  expect(await back()).toMatchObject({ left: [], leaks: [] });
  expect(resets).toBeGreaterThan(before);
  const crowded = bus().usb('01:00.2', { group: 14 }).build();
  await expect(there(crowded, plan, new Map())).rejects.toThrow('would also hit 0000:01:00.2 of group 14');
});

it('R-ORDER-4, R-GROUP-1: beside a device that stays loud its group stays as well, and others go back', async () => {
  const inventory = bus().build();
  const plan = planFor(CARDS, inventory);
  const silencing = plan.down.find((step) => step.kind === 'write-region' && step.resource === `device ${SOUND}`);
  expect(silencing).toMatchObject({ index: 7, offset: PCI_COMMAND, part: 'quiesce' });
  // It reads back as something that nothing is silenced by.
  const loud: Plan = {
    ...plan,
    down: plan.down.map((step) =>
      step.kind === 'expect-region' && step.resource === `device ${SOUND}`
        ? { ...step, mask: 0xffffn as typeof step.mask, equals: 0xffffn as typeof step.equals }
        : step,
    ),
  };
  const { left, drivers, leaks } = await (await there(inventory, loud, new Map()))();
  expect(left).toEqual([expect.stringMatching(/^back:expect-region:0000:01:00.1/) as unknown as string]);
  expect(drivers).toMatchObject({ [GPU]: 'vfio-pci', [SOUND]: 'vfio-pci', [NIC]: 'e1000e' });
  expect(leaks).toEqual([]);
});

it('R-ORDER-4: a device that only its reset silences stays where that fails, unless the reset is only preferred', async () => {
  const inventory = smmuHost().build();
  const plan = smmuPlan(inventory);
  const model = { registers: new StubbornRegisters(), resetHandler: true };
  const broken = async (made: Plan) => {
    const devices = new Map<string, DeviceModel>([[XGBE, model]]);
    const back = await there(inventory, made, devices);
    return back(() => Object.assign(model, { resetFails: 'EIO' }));
  };
  const required = await broken(plan);
  expect(required.left).toEqual([`back:reset-device:${XGBE}/kernel`]);
  expect(required.drivers[XGBE]).toBe('vfio-platform');
  expect(required.leaks).toEqual([]);
  Object.assign(model, { resetFails: undefined });
  const down = plan.down.map((step) => (step.kind === 'reset-device' ? { ...step, bestEffort: true } : step));
  const preferred = await broken({ ...plan, down });
  expect(preferred.left).toEqual([]);
  expect(preferred.drivers[XGBE]).toBe('amd-xgbe');
});

it('R-ORDER-4: a device that cannot leave VFIO keeps the switch by which it is silenced again, and the next way back has it', async () => {
  const inventory = midwayHost().module('vfio', 'loaded', { enable_unsafe_noiommu_mode: 'N' }).build();
  const made = xgmacPlan(inventory);
  const [up, down] = [made.up, made.down].map((steps) => steps.some(({ kind }) => kind === 'set-module-parameter'));
  expect([up, down]).toEqual([true, true]);
  const kernel = new SimulatedKernel(inventory);
  const journal = new MemoryJournal();
  const on = (through: Kernel) =>
    new Execution({
      plan: made,
      host: { kernel: through, holders: () => [] },
      journal,
      explain,
      events: {},
      stepTimeoutMs: 1_000,
    });
  const stays: Fault = {
    at: 1,
    when: 'before',
    how: 'EBUSY',
    counts: ({ target }) => target.endsWith('vfio-platform/unbind'),
  };
  const execution = on(new FaultKernel(kernel, stays));
  const { ran } = await execution.up();
  expect((await execution.back({ ran })).map(({ step }) => step.kind)).toContain('unbind-driver');
  kernel.kill();
  const unsafe = () => kernel.toInventory().modules['vfio']?.parameters['enable_unsafe_noiommu_mode'];
  expect(unsafe()).toBe('Y');
  expect(await on(kernel).resume(journal.state())).toEqual([]);
  expect(unsafe()).toBe('N');
  expect(kernel.toInventory().devices.find(({ address }) => address === XGMAC)?.driver).toBe('calxedaxgmac');
});
