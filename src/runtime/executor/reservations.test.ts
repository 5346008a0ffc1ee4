import { expect, test } from 'vitest';
import { bytes, type HostInventory, type Plan } from '../../model/index.ts';
import { host, planFor, planOf } from '../../testing/index.ts';
import { MemoryJournal } from '../../testing/memory-journal.ts';
import { FaultKernel, type Fault, Killed } from '../kernel/fault.ts';
import type { Kernel } from '../kernel/port.ts';
import { SimulatedKernel, type SimulationOptions } from '../kernel/sim/index.ts';
import { Execution } from './execute.ts';
import { explain } from './explain.ts';
import type { StepFailure } from './failure.ts';

const MIB2 = 2n << 20n;
const NR = '/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages';
const machine = () => host().intelIommu().nic('01:00.0').pf('03:00.0').hugePages(MIB2, 4, 2);
const POOL = machine().build();
const HUGE = planFor(
  { a: { devices: { x: '01:00.0' }, memory: [{ iova: 0, size: '16MiB', backing: 'hugetlb', reserve: true }] } },
  POOL,
);
const VFS = planOf({ virtualFunctions: { nic: { pci: '03:00.0', count: 2 } } }, POOL);

class Scene {
  readonly kernel: SimulatedKernel;
  readonly journal = new MemoryJournal();

  constructor(inventory: HostInventory, options: SimulationOptions = {}) {
    this.kernel = new SimulatedKernel(inventory, options);
  }

  on(plan: Plan, kernel: Kernel = this.kernel): Execution {
    return new Execution({
      plan,
      host: { kernel, holders: () => [] },
      journal: this.journal,
      explain,
      events: {},
      stepTimeoutMs: 10_000,
    });
  }

  /** The way back of another process, from the journal. */
  backLater(plan: Plan): Promise<StepFailure[]> {
    const { ran, undone, unsettled } = this.journal.state();
    return this.on(plan).back({ ran, undone, unsettled });
  }

  async killedAt(plan: Plan, fault: Omit<Fault, 'how'>): Promise<void> {
    const execution = this.on(plan, new FaultKernel(this.kernel, { ...fault, how: 'kill' }));
    await expect(execution.up().then(({ ran }) => execution.back({ ran }))).rejects.toThrow(Killed);
    this.kernel.kill();
  }

  get pages(): number {
    return Number(this.kernel.readFile(NR));
  }
}

const onPool: NonNullable<Fault['counts']> = ({ name, target }) => name === 'write' && target === NR;

test('R-BACK-1: adds the pages that are lacking, and the pool is as before when they come back', async () => {
  const scene = new Scene(POOL);
  const execution = scene.on(HUGE);
  const outcome = await execution.up();
  expect([outcome.kind, scene.pages]).toEqual(['up', 10]);
  expect(await execution.back(outcome)).toEqual([]);
  expect(scene.kernel.toInventory().hugePages).toEqual(POOL.hugePages);
});

test('R-BACK-1: a pool that the kernel cannot fill fails with what it found, and has nothing left', async () => {
  const scene = new Scene(POOL, { hugePagesToFind: 2 });
  const execution = scene.on(HUGE);
  const outcome = await execution.up();
  expect(outcome).toMatchObject({
    kind: 'failed',
    failure: { explanation: expect.stringMatching(/memory for 2 of the 6/) as string },
  });
  expect(scene.pages).toBe(4);
  expect(await execution.back(outcome)).toEqual([]);
  expect(scene.pages).toBe(4);
});

test('R-BACK-1: what others added to the pool meanwhile, or took from it, stays so', async () => {
  for (const others of [13, 7, 3]) {
    const scene = new Scene(POOL);
    await scene.on(HUGE).up();
    scene.kernel.kill();
    await scene.kernel.writeFile(NR, String(others));
    expect(await scene.backLater(HUGE)).toEqual([]);
    expect(scene.pages).toBe(Math.max(2, others - 6));
  }
});

test.each([1, 2])('R-BACK-2: the pool comes back once, killed before or after write %s to it', async (at) => {
  for (const when of ['before', 'after'] as const) {
    const scene = new Scene(POOL);
    await scene.killedAt(HUGE, { at, when, counts: onPool });
    expect(await scene.backLater(HUGE)).toEqual([]);
    expect(await scene.backLater(HUGE)).toEqual([]);
    expect(scene.pages).toBe(4);
  }
});

test('R-BACK-2: where nobody can know whether the pages are still ours, they stay, and that is said once', async () => {
  const scene = new Scene(POOL);
  await scene.killedAt(HUGE, { at: 2, when: 'before', counts: onPool });
  await scene.kernel.writeFile(NR, '20');
  expect(await scene.backLater(HUGE)).toMatchObject([
    { kind: 'answer', explanation: expect.stringMatching(/neither 4 nor 10: somebody else has changed it/) as string },
  ]);
  expect(await scene.backLater(HUGE)).toEqual([]);
  expect(scene.pages).toBe(20);
});

test('R-BACK-1: VFs appear without a driver, and are gone when they come back', async () => {
  const scene = new Scene(POOL);
  const execution = scene.on(VFS);
  const { ran } = await execution.up();
  const made = scene.kernel.toInventory().devices.filter((device) => device.bus === 'pci' && device.physicalFunction);
  expect(made).toMatchObject([
    { address: '0000:03:10.0', driver: null, virtualFunctionIndex: 0 },
    { address: '0000:03:10.2', driver: null, virtualFunctionIndex: 1 },
  ]);
  expect(await execution.back({ ran })).toEqual([]);
  expect(scene.kernel.toInventory()).toEqual(POOL);
});

test('R-BIND-4: VFs that somebody uses stay, with their name, until the way back is asked for again', async () => {
  const scene = new Scene(POOL);
  await scene.on(VFS).up();
  const vf = '/sys/bus/pci/devices/0000:03:10.2/driver_override';
  await scene.kernel.writeFile(vf, 'vfio-pci');
  await scene.kernel.writeFile('/sys/bus/pci/drivers/vfio-pci/bind', '0000:03:10.2');
  const left = await scene.backLater(VFS);
  expect(left).toMatchObject([
    { kind: 'held', explanation: expect.stringMatching(/0000:03:10.2, is on vfio-pci/) as string },
  ]);
  await scene.kernel.writeFile('/sys/bus/pci/drivers/vfio-pci/unbind', '0000:03:10.2');
  expect(await scene.backLater(VFS)).toEqual([]);
  expect(scene.kernel.toInventory()).toEqual(POOL);
});

test('R-BACK-2: VFs come back wherever the process was killed', async () => {
  const calls = new FaultKernel(new SimulatedKernel(POOL), { at: Infinity, when: 'before', how: 'EIO' });
  const counting = new Scene(POOL).on(VFS, calls);
  await counting.back(await counting.up());
  for (let at = 1; at <= calls.calls; at++) {
    for (const when of ['before', 'after'] as const) {
      const scene = new Scene(POOL);
      await scene.killedAt(VFS, { at, when });
      expect(await scene.backLater(VFS), `${when} call ${at}`).toEqual([]);
      expect(scene.kernel.toInventory(), `${when} call ${at}`).toEqual(POOL);
    }
  }
});

test('R-BACK-1: memory above the limit of the process is mapped, and the limit is as before then', async () => {
  const inventory = machine()
    .memlock(65536n, false, { memlockHard: bytes(1n << 40n) })
    .build();
  const plan = planFor({ a: { devices: { x: '01:00.0' }, memory: [{ iova: 0, size: '1MiB' }] } }, inventory);
  const scene = new Scene(inventory);
  const execution = scene.on(plan);
  const outcome = await execution.up();
  expect(outcome.kind).toBe('up');
  expect(scene.kernel.lockLimits).toEqual({ soft: 1n << 20n, hard: 1n << 40n });
  expect(await execution.back(outcome)).toEqual([]);
  expect(scene.kernel.lockLimits).toEqual({ soft: 65536n, hard: 1n << 40n });
});
