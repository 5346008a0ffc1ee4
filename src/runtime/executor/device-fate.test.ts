import { expect, it } from 'vitest';
import { type DeviceRef, invariant } from '../../model/index.ts';
import { host, planFor } from '../../testing/index.ts';
import { MemoryJournal } from '../../testing/memory-journal.ts';
import { DelegatingKernel, type PortCall } from '../kernel/delegate.ts';
import { kernelError } from '../kernel/errno.ts';
import { SimulatedKernel } from '../kernel/sim/index.ts';
import { fateOf } from './device-fate.ts';
import { Execution } from './execute.ts';
import { explain } from './explain.ts';
import type { StepFailure } from './failure.ts';

const NIC = '0000:31:00.0';
const OTHER = '0000:32:00.0';
const inventory = host().intelIommu().nic(NIC, { group: 26 }).nic(OTHER, { group: 27 }).build();
const plan = planFor({ edge: { devices: { wan: NIC, lan: OTHER } } }, inventory);

/** A kernel in which a device can be pulled: its files are gone, and what is open of it answers no more. */
class PulledKernel extends DelegatingKernel {
  pulled: string | undefined;

  protected override now<T>(call: PortCall, run: () => T): T {
    if (this.isGone(call)) {
      if (call.name === 'exists') return false as T;
      throw kernelError(call.name, call.target, 'ENOENT');
    }
    return run();
  }

  protected override later<T>(call: PortCall, run: () => Promise<T>): Promise<T> {
    return this.isGone(call) ? Promise.reject(kernelError(call.name, call.target, 'ENODEV')) : run();
  }

  private isGone({ target, args }: PortCall): boolean {
    const { pulled } = this;
    return pulled !== undefined && [target, ...args].some((text) => typeof text === 'string' && text.includes(pulled));
  }
}

async function upOn(kernel: PulledKernel) {
  const gone: DeviceRef[] = [];
  const execution = new Execution({
    plan,
    host: { kernel, holders: () => [] },
    journal: new MemoryJournal(),
    explain,
    events: { gone: (device) => gone.push(device) },
    stepTimeoutMs: 1_000,
  });
  const { ran } = await execution.up();
  return { execution, ran, gone };
}

it('R-BACK-1: a device that was unplugged is told once, holds nothing back, and leaves nothing to do', async () => {
  const simulated = new SimulatedKernel(inventory);
  const kernel = new PulledKernel(simulated);
  const { execution, ran, gone } = await upOn(kernel);
  kernel.pulled = NIC;
  expect(await execution.back({ ran })).toEqual([]);
  expect(gone).toEqual([{ bus: 'pci', address: NIC }]);
  expect([...execution.gone]).toEqual([NIC]);
  const now = simulated.toInventory().devices.find(({ address }) => address === OTHER);
  expect(now).toMatchObject({ driver: 'e1000e', driverOverride: null });
  expect(simulated.leaks()).toEqual([]);
});

it('R-BACK-1: a device that is there is never called gone, whatever fails', async () => {
  const { execution, ran, gone } = await upOn(new PulledKernel(new SimulatedKernel(inventory)));
  await execution.back({ ran });
  expect(gone).toEqual([]);
  expect([...execution.gone]).toEqual([]);
});

it('R-BIND-4: an override that somebody else has set since is left alone, and told', async () => {
  const kernel = new PulledKernel(new SimulatedKernel(inventory));
  const { execution, ran } = await upOn(kernel);
  const override = `/sys/bus/pci/devices/${NIC}/driver_override`;
  await kernel.writeFile(override, 'pci-stub\n');
  const left = await execution.back({ ran });
  expect(left).toMatchObject([{ kind: 'taken', step: { kind: 'set-driver-override' } }]);
  expect(left[0]?.explanation).toContain('reads pci-stub and not vfio-pci');
  expect(kernel.readFile(override).trim()).toBe('pci-stub');
});

it('R-BIND-4: a device that another driver has by now is left to it, and the driver is named', () => {
  const kernel = new SimulatedKernel(inventory);
  const step = plan.down.find((one) => one.kind === 'bind-driver');
  invariant(step?.kind === 'bind-driver', 'the plan binds nothing back');
  const failure: StepFailure = { step, kind: 'errno', operation: 'write', errno: 'EBUSY', explanation: '' };
  expect(fateOf(failure, plan, kernel)).toEqual({ kind: 'here' });
  const other: StepFailure = { ...failure, step: { ...step, driver: 'igb' } };
  expect(fateOf(other, plan, kernel)).toMatchObject({ kind: 'taken', failure: { kind: 'taken' } });
  expect(JSON.stringify(fateOf(other, plan, kernel))).toContain('on e1000e by now');
});

it('R-BACK-1: a group that has lost its last device meanwhile is left without a complaint', async () => {
  const kernel = new PulledKernel(new SimulatedKernel(inventory));
  const { execution, ran } = await upOn(kernel);
  const end = kernel.writeFile('/sys/bus/pci/drivers/vfio-pci/unbind', NIC).catch(() => undefined);
  expect(await execution.back({ ran })).toEqual([]);
  await end;
});
