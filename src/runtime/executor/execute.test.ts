import { expect, it } from 'vitest';
import type { HostInventory, Plan } from '../../model/index.ts';
import { MemoryJournal } from '../../testing/memory-journal.ts';
import { deviceUse } from '../../testing/device-use.ts';
import { disk, host, planFor } from '../../testing/index.ts';
import { FaultKernel, type Fault, Killed } from '../kernel/fault.ts';
import type { Kernel } from '../kernel/port.ts';
import { RecordingKernel } from '../kernel/recording.ts';
import { SimulatedKernel } from '../kernel/sim/index.ts';
import { Execution, type ExecutorEvents } from './execute.ts';
import { explain } from './explain.ts';

const inventory = host()
  .intelIommu()
  .hugePages(2n << 20n, 8)
  .nic('0000:31:00.0', { group: 26 })
  .nic('0000:31:00.1', { group: 26 })
  .nvme('0000:32:00.0', { group: 27, blocks: [disk('scratch')] })
  .module('vfio_pci', 'available')
  .build();

const plan = planFor(
  {
    edge: {
      memory: [
        { iova: '0', size: '4MiB' },
        { iova: '16MiB', size: '2MiB', backing: 'hugetlb' },
        { iova: '32MiB', size: '1MiB', backing: 'memfd' },
      ],
      devices: {
        wan: { pci: '0000:31:00.0', group: 'detach', irqs: [{ index: 'msix', count: 2 }] },
        store: '0000:32:00.0',
      },
    },
  },
  inventory,
);

function executionOn(
  kernel: Kernel,
  events: ExecutorEvents = {},
  what: Plan = plan,
  holders: readonly string[] = [],
  certain = true,
) {
  const journal = new MemoryJournal();
  const execution = new Execution({
    plan: what,
    host: { kernel, holders: () => holders.map((command) => deviceUse({ command, certain })) },
    journal,
    explain,
    events,
    stepTimeoutMs: 1_000,
  });
  return { execution, journal };
}

/** A module that was loaded stays (docs/adr/0002): everything else must be as before. */
const exceptModules = ({ modules: _, ...rest }: HostInventory) => rest;

function expectAsBefore(kernel: SimulatedKernel, label: string): void {
  expect(exceptModules(kernel.toInventory()), label).toEqual(exceptModules(inventory));
  expect(kernel.leaks(), label).toEqual([]);
}

it('R-BACK-1: up and the way back leave the host as it was, and nothing open', async () => {
  const kernel = new SimulatedKernel(inventory);
  const { execution } = executionOn(kernel);
  const outcome = await execution.up();
  expect(outcome.kind).toBe('up');
  expect(kernel.toInventory().devices.map((device) => device.driver)).toEqual(['vfio-pci', null, 'vfio-pci']);
  expect(kernel.deviceState('0000:31:00.0')).toMatchObject({ openCount: 1, busMaster: false, eventfds: 2 });
  expect(await execution.back(outcome)).toEqual([]);
  expectAsBefore(kernel, 'after down');
});

it('R-ORDER-1 to 4: makes the calls of a plan in the order of its steps, and the way back in its own', async () => {
  const recording = new RecordingKernel(new SimulatedKernel(inventory));
  const { execution } = executionOn(recording);
  const outcome = await execution.up();
  await execution.back(outcome);
  await expect(recording.text).toMatchFileSnapshot('testdata/calls.txt');
});

/** How many calls an undisturbed run makes, up and back. */
async function callsOf(counts?: Fault['counts']) {
  const kernel = new FaultKernel(new SimulatedKernel(inventory), {
    at: Infinity,
    when: 'before',
    how: 'EIO',
    ...(counts ? { counts } : {}),
  });
  const { execution } = executionOn(kernel);
  const outcome = await execution.up();
  const up = kernel.calls;
  await execution.back(outcome);
  return { up, all: kernel.calls };
}

it('R-BIND-3, R-BACK-1: whichever call of up fails, everything done before it is taken back', async () => {
  const { up } = await callsOf();
  expect(up).toBeGreaterThan(50);
  for (let at = 1; at <= up; at++) {
    const simulated = new SimulatedKernel(inventory);
    const kernel = new FaultKernel(simulated, { at, when: 'before', how: 'EIO' });
    const { execution } = executionOn(kernel);
    const outcome = await execution.up();
    // A failure that a step itself can do without (looking whether a file is there) may leave up to go on.
    const left = await execution.back(outcome);
    expect(
      left.map((failure) => failure.explanation),
      `call ${at}`,
    ).toEqual([]);
    expectAsBefore(simulated, `call ${at}`);
    if (outcome.kind === 'failed') expect(outcome.failure.errno, `call ${at}`).toBe('EIO');
  }
});

it('R-BACK-2: wherever the process is killed, the journal leads back to the host as it was', async () => {
  const { all } = await callsOf();
  for (let at = 1; at <= all; at++) {
    for (const when of ['before', 'after'] as const) {
      const simulated = new SimulatedKernel(inventory);
      const { execution, journal } = executionOn(new FaultKernel(simulated, { at, when, how: 'kill' }));
      try {
        const outcome = await execution.up();
        await execution.back(outcome);
      } catch (error) {
        if (!(error instanceof Killed)) throw error;
      }
      simulated.kill();
      const { ran, undone, unsettled } = journal.state();
      const left = await executionOn(simulated).execution.back({ ran, undone, unsettled });
      expect(
        left.map((failure) => failure.explanation),
        `${when} call ${at}`,
      ).toEqual([]);
      expectAsBefore(simulated, `${when} call ${at}`);
    }
  }
});

it('journals durable steps before and after them, and held ones not at all', async () => {
  const { execution, journal } = executionOn(new SimulatedKernel(inventory));
  await execution.up();
  expect(journal.entries.slice(0, 2)).toEqual([
    { mark: 'begun', step: 'load-module:vfio-pci' },
    { mark: 'done', step: 'load-module:vfio-pci' },
  ]);
  expect(journal.entries.filter((entry) => entry.step.startsWith('map-dma'))).toEqual([]);
});

it('says which step failed, with the call, its target, the errno by name and what it usually means', async () => {
  const simulated = new SimulatedKernel(inventory);
  const kernel = new FaultKernel(simulated, {
    at: 1,
    when: 'before',
    how: 'EBUSY',
    counts: ({ name }) => name === 'VFIO_GROUP_SET_CONTAINER',
  });
  const outcome = await executionOn(kernel).execution.up();
  expect(outcome).toMatchObject({
    kind: 'failed',
    failure: { kind: 'errno', errno: 'EBUSY', step: { id: 'set-container:26' } },
  });
  if (outcome.kind === 'failed') {
    expect(outcome.failure.operation).toContain('VFIO_GROUP_SET_CONTAINER');
    expect(outcome.failure.explanation).not.toBe('');
  }
});

it('R-BIND-4: does not unbind a device that somebody holds open, and names them', async () => {
  const kernel = new SimulatedKernel(inventory);
  const { execution, journal } = executionOn(kernel);
  await execution.up();
  kernel.kill();
  const { ran } = journal.state();
  const left = await executionOn(kernel, {}, plan, ['dpdk-testpmd']).execution.back({ ran });
  expect(
    left.some(
      (failure) => failure.kind === 'held' && failure.explanation.includes('dpdk-testpmd (pid 4242, user operator)'),
    ),
  ).toBe(true);
  expect(kernel.blocked).toEqual([]);
});

/** A kernel whose writes wait until they are let go. */
function slowWrites(kernel: SimulatedKernel): { kernel: Kernel; letGo(): void } {
  let letGo = (): void => {};
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const slow = new Proxy(kernel, {
    get: (target, name) => {
      if (name === 'writeFile') return (path: string, text: string) => gate.then(() => target.writeFile(path, text));
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { kernel: slow, letGo: () => letGo() };
}

it('R-BIND-4: gives up a step that takes longer than its time, and says that the kernel is still at it', async () => {
  const { kernel } = slowWrites(new SimulatedKernel(inventory));
  const { execution } = executionOn(kernel);
  const outcome = await execution.up();
  expect(outcome).toMatchObject({ kind: 'failed', failure: { kind: 'timeout', step: { kind: 'unbind-driver' } } });
  expect((await execution.stillUnsettled(1))?.kind).toBe('unbind-driver');
});

it('R-BIND-4: says long before it gives up that the kernel waits, and names who uses the device both times', async () => {
  const { kernel } = slowWrites(new SimulatedKernel(inventory));
  const waited: string[] = [];
  const events: ExecutorEvents = { waiting: (step, users) => waited.push(`${step.kind}: ${users.join()}`) };
  // A process of which it is not certain which device it has: it is no reason to refuse.
  const { execution } = executionOn(kernel, events, plan, ['guestd'], false);
  const outcome = await execution.up();
  expect(waited).toEqual([expect.stringMatching(/^unbind-driver: guestd \(pid 4242/)]);
  expect(outcome.kind === 'failed' && outcome.failure.explanation).toContain('kept by guestd (pid 4242');
});

it('R-BIND-4: says nothing of a call that comes back at once', async () => {
  const waited: string[] = [];
  const { execution } = executionOn(new SimulatedKernel(inventory), { waiting: ({ kind }) => waited.push(kind) });
  expect((await execution.up()).kind).toBe('up');
  expect(waited).toEqual([]);
});

it('R-BIND-4, R-BACK-1: takes a step back whose call came to an end after its time', async () => {
  const simulated = new SimulatedKernel(inventory);
  const { kernel, letGo } = slowWrites(simulated);
  const { execution } = executionOn(kernel);
  const outcome = await execution.up();
  letGo();
  expect(await execution.stillUnsettled(1_000)).toBeUndefined();
  expect(await execution.back(outcome)).toEqual([]);
  expectAsBefore(simulated, 'after the way back');
});

it('goes on after a best-effort reset that fails, and tells', async () => {
  const soft = planFor({ edge: { devices: { wan: { pci: '0000:32:00.0', reset: 'preferred' } } } }, inventory);
  const kernel = new FaultKernel(new SimulatedKernel(inventory), {
    at: 1,
    when: 'before',
    how: 'EINVAL',
    counts: ({ name }) => name === 'VFIO_DEVICE_RESET',
  });
  const warned: string[] = [];
  const outcome = await executionOn(kernel, { warned: (failure) => warned.push(failure.step.id) }, soft).execution.up();
  expect(outcome.kind).toBe('up');
  expect(warned).toEqual(['reset-device:0000:32:00.0/reset/0']);
});

it('stops before the next step once it is asked to', async () => {
  const controller = new AbortController();
  const kernel = new SimulatedKernel(inventory);
  const execution = new Execution({
    plan,
    host: { kernel, holders: () => [] },
    journal: new MemoryJournal(),
    explain,
    events: { finished: (step) => step.kind === 'bind-driver' && controller.abort() },
    stepTimeoutMs: 1_000,
    signal: controller.signal,
  });
  const outcome = await execution.up();
  expect(outcome).toMatchObject({ kind: 'failed', failure: { kind: 'interrupted' } });
  expect(await execution.back(outcome)).toEqual([]);
  expectAsBefore(kernel, 'after the signal');
});
