import { mkdirSync } from 'node:fs';
import type { ManifestDocument, Plan, Step } from '../../../src/model/index.ts';
import { equal } from './assert.ts';
import { HeldRun, planHere } from './held-run.ts';
import { Registers } from './no-iommu.ts';
import { platformState } from './platform.ts';
import type { Scenario } from './scenario.ts';
import { resetDevice, succeed } from './vfio.ts';
import { allRegisters, OFF, ON, running, startXgmac, XGMAC } from './xgmac.ts';

const JOURNAL = '/run/reset-plugin';
/** No memory is there: nothing would be read or written, should a frame come. */
const NOWHERE = 0xd000_0000;

/** The plugin's program on the device itself, beside the kernel's own handler for it. */
export const resetPlugin: Scenario = ({ test, cleanup }) => {
  const before = platformState();
  let run: HeldRun | undefined;
  let plan: Plan;
  let device: Registers;
  let started: Readonly<Record<string, string>>;
  let ours: Readonly<Record<string, string>>;

  const planWith = (options: Readonly<Record<string, unknown>>): Promise<Plan> => {
    const nic = { platform: XGMAC, reset: { plugin: 'calxeda-xgmac', options } };
    const document = { version: 1, name: 'reset', vms: { machine: { iommu: 'noiommu', devices: { nic } } } };
    return planHere(document as ManifestDocument);
  };
  const hold = async (): Promise<void> => {
    mkdirSync(JOURNAL, { recursive: true });
    run = await HeldRun.up(plan, JOURNAL);
    device = new Registers(run.kernel, run.fd(`device:${XGMAC}`));
  };
  const letGo = async (): Promise<void> => {
    await run?.back();
    run = undefined;
  };
  const perform = (part: 'quiesce' | 'reset', steps: readonly Step[]): Promise<void> | undefined =>
    run?.perform(steps.filter((step) => 'part' in step && step.part === part));

  test('R-RESET-4: the steps of the plan stop a running device', async () => {
    plan = await planWith({});
    await hold();
    startXgmac(device, NOWHERE);
    equal(running(device), ON, 'what turns it on');
    started = allRegisters(device);
    await perform('quiesce', plan.down);
    equal(running(device), OFF, 'what turns it on');
    ours = allRegisters(device);
  });
  test("every register of the region ends as the kernel's own handler leaves it", () => {
    startXgmac(device, NOWHERE);
    equal(allRegisters(device), started, 'the registers after the same start');
    succeed('DEVICE_RESET', resetDevice(device.fd));
    equal(ours, allRegisters(device), 'what the plugin left');
  });
  test('R-ORDER-2: so do the steps that come before its use', async () => {
    startXgmac(device, NOWHERE);
    await perform('quiesce', plan.up);
    equal(allRegisters(device), ours, 'what the plugin left');
  });
  test('a second time changes nothing', async () => {
    await perform('quiesce', plan.down);
    equal(allRegisters(device), ours, 'the registers');
    await letGo();
    equal(platformState(), before, 'the host');
  });
  test('with softReset the device says that it was reset, and nothing is left pending', async () => {
    plan = await planWith({ softReset: true });
    await hold();
    startXgmac(device, NOWHERE);
    await perform('quiesce', plan.down);
    await perform('reset', plan.down);
    equal(running(device), OFF, 'what turns it on');
    equal([device.read(0xf00) & 1, device.read(0xf14)], [0, 0], 'DMA_BUS_MODE.SFT_RESET and DMA_STATUS');
    await letGo();
    equal(platformState(), before, 'the host');
  });
  cleanup(letGo);
};
