import { expect, it } from 'vitest';
import type { HostInventory, Plan, Step } from '../../model/index.ts';
import { MemoryJournal } from '../../testing/memory-journal.ts';
import { midwayHost, smmuHost, XGBE, XGMAC } from '../../testing/platform-plan.ts';
import { silencedPlan, xgmacPlan } from '../../testing/program-plans.ts';
import { StubbornRegisters } from '../../testing/stubborn-registers.ts';
import { FaultKernel, type Fault, Killed } from '../kernel/fault.ts';
import type { Kernel } from '../kernel/port.ts';
import { RecordingKernel } from '../kernel/recording.ts';
import { SimulatedKernel } from '../kernel/sim/index.ts';
import { Execution } from './execute.ts';
import { explain } from './explain.ts';
import type { StepFailure } from './failure.ts';

const CONTROL = 0x000n;
const DMA_CONTROL = 0xf18n;
const DMA_INTR_ENA = 0xf1cn;

/** A machine whose kernel cannot reset its network controller, which a plugin silences. */
interface Machine {
  readonly name: string;
  readonly address: string;
  readonly driver: string;
  readonly inventory: HostInventory;
  readonly plan: Plan;
}

const helpless = { reset_required: 'N' };
const midway = midwayHost()
  .withoutModule('vfio_platform_calxedaxgmac')
  .module('vfio_platform', 'loaded', helpless)
  .build();
const smmu = smmuHost().withoutModule('vfio_platform_amdxgbe').module('vfio_platform', 'loaded', helpless).build();
const MACHINES: readonly Machine[] = [
  { name: 'no-iommu', address: XGMAC, driver: 'calxedaxgmac', inventory: midway, plan: xgmacPlan(midway) },
  { name: 'smmu', address: XGBE, driver: 'amd-xgbe', inventory: smmu, plan: silencedPlan(smmu) },
];

/** A machine of which the plan is up, its device running, and its process killed. */
class Scene {
  readonly registers = new StubbornRegisters();
  readonly journal = new MemoryJournal();
  readonly kernel: SimulatedKernel;
  readonly failed: StepFailure[] = [];
  readonly warned: StepFailure[] = [];

  constructor(
    readonly machine: Machine,
    readonly plan: Plan = machine.plan,
  ) {
    const devices = new Map([[machine.address, { registers: this.registers, resetHandler: false }]]);
    this.kernel = new SimulatedKernel(machine.inventory, { devices });
  }

  execution(kernel: Kernel = this.kernel): Execution {
    const events = {
      failed: (failure: StepFailure) => void this.failed.push(failure),
      warned: (failure: StepFailure) => void this.warned.push(failure),
    };
    const host = { kernel, holders: () => [] };
    return new Execution({ plan: this.plan, host, journal: this.journal, explain, events, stepTimeoutMs: 1_000 });
  }

  /** DMA both ways, the MAC on, and every interrupt. */
  run(): this {
    this.registers.write(0, DMA_INTR_ENA, 4, 0x1_ffffn);
    this.registers.write(0, DMA_CONTROL, 4, 0x2006n);
    this.registers.write(0, CONTROL, 4, 0x610_009cn);
    return this;
  }

  async killed(): Promise<this> {
    const outcome = await this.execution().up();
    if (outcome.kind !== 'up') throw new Error(`up of the test failed: ${outcome.failure.explanation}`);
    this.run().kernel.kill();
    expect(this.isSilent).toBe(false);
    return this;
  }

  /** The way back of a process that is gone, as the next one finds it. */
  async bringBack(kernel: Kernel = this.kernel): Promise<StepFailure[]> {
    return this.execution(kernel).resume(this.journal.state());
  }

  get isSilent(): boolean {
    const read = (offset: bigint) => this.registers.read(0, offset, 4);
    return read(DMA_INTR_ENA) === 0n && (read(DMA_CONTROL) & 0x2002n) === 0n && (read(CONTROL) & 0xcn) === 0n;
  }

  get driver(): string | null {
    const { devices } = this.kernel.toInventory();
    return devices.find(({ address }) => address === this.machine.address)?.driver ?? null;
  }

  /** The host is as it was, and nothing is open. */
  expectBack(label = ''): void {
    expect(this.isSilent, label).toBe(true);
    expect(this.kernel.toInventory(), label).toEqual(this.machine.inventory);
    expect(this.kernel.leaks(), label).toEqual([]);
  }
}

const sayings = (failures: readonly StepFailure[]) => failures.map(({ explanation }) => explanation);

it.each(MACHINES)(
  'R-RESET-1, R-BACK-2: $name: a device that runs when its holder is killed is silenced, then given back',
  async (machine) => {
    const scene = await new Scene(machine).killed();
    const recording = new RecordingKernel(scene.kernel);
    expect(sayings(await scene.bringBack(recording))).toEqual([]);
    scene.expectBack();
    const { text } = recording;
    expect(text.indexOf('pwrite')).toBeGreaterThan(0);
    expect(text.lastIndexOf('pwrite')).toBeLessThan(text.indexOf('/unbind'));
    expect(text).not.toContain('MAP_DMA');
  },
);

it.each(MACHINES)('R-ORDER-4: $name: a device that cannot be silenced stays on VFIO until it can', async (machine) => {
  const scene = await new Scene(machine).killed();
  scene.registers.stuck.add(DMA_CONTROL);
  const left = await scene.bringBack();
  expect(left.map(({ step }) => step.kind)).toEqual(['expect-region']);
  expect(left[0]?.explanation).toContain('DMA_CONTROL');
  expect(scene.driver).toBe('vfio-platform');
  expect(scene.kernel.leaks()).toEqual([]);
  expect(scene.failed).toEqual(left);
  scene.registers.stuck.clear();
  expect(sayings(await scene.bringBack())).toEqual([]);
  scene.expectBack();
});

it.each(MACHINES)(
  'R-ORDER-4: $name: nor does it leave VFIO on the way back of the process that holds it',
  async (machine) => {
    const scene = new Scene(machine);
    const execution = scene.execution();
    const outcome = await execution.up();
    scene.run().registers.stuck.add(DMA_INTR_ENA);
    const left = await execution.back(outcome);
    expect(left.map(({ step }) => step.kind)).toEqual(['expect-region']);
    expect(scene.driver).toBe('vfio-platform');
    expect(scene.kernel.leaks()).toEqual([]);
    scene.registers.stuck.clear();
    expect(sayings(await scene.bringBack())).toEqual([]);
    scene.expectBack();
  },
);

it.each(MACHINES)(
  'R-ORDER-2: $name: a device that cannot be silenced before its use gets no memory',
  async (machine) => {
    const scene = new Scene(machine).run();
    scene.registers.stuck.add(CONTROL);
    const recording = new RecordingKernel(scene.kernel);
    const execution = scene.execution(recording);
    const outcome = await execution.up();
    expect(outcome).toMatchObject({ kind: 'failed', failure: { kind: 'answer', step: { kind: 'expect-region' } } });
    expect(recording.text).not.toContain('MAP_DMA');
    await execution.back(outcome);
    expect(scene.driver).toBe('vfio-platform');
  },
);

it.each(MACHINES)('R-RESET-1: $name: a device that is on its host driver again is left alone', async (machine) => {
  const scene = await new Scene(machine).killed();
  const device = `/sys/bus/platform/devices/${machine.address}`;
  await scene.kernel.writeFile(`${device}/driver/unbind`, machine.address);
  await scene.kernel.writeFile(`${device}/driver_override`, '\n');
  await scene.kernel.writeFile(`/sys/bus/platform/drivers/${machine.driver}/bind`, machine.address);
  const recording = new RecordingKernel(scene.kernel);
  expect(await scene.execution(recording).recover(scene.journal.state())).toEqual({
    left: [],
    unsilenced: new Set(),
  });
  expect(recording.text).not.toContain('/dev/vfio');
  expect(scene.isSilent).toBe(false);
});

it.each(MACHINES)(
  'R-RESET-1, R-ORDER-4: $name: a device that was unbound by hand is not given to the host before it is silenced',
  async (machine) => {
    const scene = await new Scene(machine).killed();
    const vfio = '/sys/bus/platform/drivers/vfio-platform';
    await scene.kernel.writeFile(`${vfio}/unbind`, machine.address);
    for (let tries = 0; tries < 2; tries += 1) {
      const left = await scene.bringBack();
      expect(left).toMatchObject([{ kind: 'taken', step: { kind: 'open-device' } }]);
      expect(left[0]?.explanation).toContain('bind it to vfio-platform again');
      expect(scene.driver).toBe(null);
    }
    await scene.kernel.writeFile(`${vfio}/bind`, machine.address);
    expect(sayings(await scene.bringBack())).toEqual([]);
    scene.expectBack();
  },
);

it.each(MACHINES)('R-RESET-1: $name: a device that was unplugged meanwhile is no failure', async (machine) => {
  const scene = await new Scene(machine).killed();
  const isOfDevice = (path: string) => path.includes(machine.address);
  const gone = new Proxy(scene.kernel, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        const unplugged = typeof args[0] === 'string' && isOfDevice(args[0]);
        if (unplugged && property === 'exists') return false;
        const call = member as (...all: unknown[]) => unknown;
        return call.apply(target, unplugged ? ['/sys/bus/platform/devices/gone', ...args.slice(1)] : args);
      };
    },
  });
  expect(await scene.execution(gone).recover(scene.journal.state())).toEqual({ left: [], unsilenced: new Set() });
  expect(scene.kernel.leaks()).toEqual([]);
});

it.each(MACHINES)('R-BACK-2: $name: a device that up had not come to is left alone', async (machine) => {
  const scene = new Scene(machine).run();
  const recording = new RecordingKernel(scene.kernel);
  expect(await scene.execution(recording).recover({ ran: new Set() })).toEqual({ left: [], unsilenced: new Set() });
  expect(recording.text).not.toContain('/dev/vfio');
  expect(scene.isSilent).toBe(false);
});

/** The plan with each read-back only warning. */
const bearing = (plan: Plan): Plan => {
  const warn = (steps: readonly Step[]) =>
    steps.map((step) => (step.kind === 'expect-region' ? { ...step, onMismatch: 'warn' as const } : step));
  return { ...plan, down: warn(plan.down), recover: warn(plan.recover ?? []) };
};

it.each(MACHINES)('$name: a read-back that only warns is told, and the device goes back', async (machine) => {
  const scene = await new Scene(machine, bearing(machine.plan)).killed();
  scene.registers.stuck.add(DMA_CONTROL);
  expect(await scene.bringBack()).toEqual([]);
  expect(scene.warned.map(({ step }) => step.id)).toEqual([
    expect.stringMatching(/^recover:expect-region:/) as unknown as string,
  ]);
  expect(scene.driver).toBe(machine.driver);
});

/** How many calls of a way back count for a fault. */
async function callsOf(machine: Machine, counts: NonNullable<Fault['counts']>): Promise<number> {
  const scene = await new Scene(machine).killed();
  const kernel = new FaultKernel(scene.kernel, { at: 1_000_000, when: 'before', how: 'EIO', counts });
  await scene.execution(kernel).recover(scene.journal.state());
  return kernel.calls;
}

// A close that fails has closed the descriptor all the same (close(2)).
it.each(MACHINES)(
  'R-ORDER-4, R-BACK-2: $name: whichever call of a recovery fails, nothing stays open, and no device goes back that runs',
  async (machine) => {
    for (const [when, isClose] of [
      ['before', false],
      ['after', true],
    ] as const) {
      const counts: NonNullable<Fault['counts']> = ({ name }) => (name === 'close') === isClose;
      const calls = await callsOf(machine, counts);
      expect(calls).toBeGreaterThan(isClose ? 2 : 15);
      for (let at = 1; at <= calls; at++) {
        const label = `${when} call ${at}`;
        const scene = await new Scene(machine).killed();
        await scene.bringBack(new FaultKernel(scene.kernel, { at, when, how: 'EIO', counts }));
        expect(scene.kernel.leaks(), label).toEqual([]);
        expect(scene.isSilent || scene.driver !== machine.driver, label).toBe(true);
        expect(sayings(await scene.bringBack()), label).toEqual([]);
        scene.expectBack(label);
      }
    }
  },
);

it.each(MACHINES)('R-BACK-2: $name: wherever a recovery is killed, the next one leads back', async (machine) => {
  const calls = await callsOf(machine, () => true);
  for (let at = 1; at <= calls; at++) {
    const scene = await new Scene(machine).killed();
    const dying = scene.bringBack(new FaultKernel(scene.kernel, { at, when: 'after', how: 'kill' }));
    await expect(dying, `call ${at}`).rejects.toBeInstanceOf(Killed);
    scene.kernel.kill();
    expect(sayings(await scene.bringBack()), `call ${at}`).toEqual([]);
    scene.expectBack(`call ${at}`);
  }
});
