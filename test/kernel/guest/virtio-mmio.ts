import { mkdirSync } from 'node:fs';
import { contains, equal, holds } from './assert.ts';
import { CLOCK, interruptsByAlarm } from './alarm-clock.ts';
import { HeldRun, planHere } from './held-run.ts';
import { noIommuNode, Registers } from './no-iommu.ts';
import { platformLink, platformState } from './platform.ts';
import { ended, project } from './project.ts';
import type { Scenario } from './scenario.ts';
import { tableAgrees } from './tree-table.ts';
import { CARD, interruptsByCable, isNetworkCard } from './virtio-link.ts';
import { openError } from './vfio.ts';

const JOURNAL = '/run/virtio-mmio';

/** The command with platform devices that nothing isolates: one with an edge interrupt, one of AMBA with a level one. */
export const virtioMmio: Scenario = ({ test, cleanup }) => {
  const unsafe = project(
    'unsafe',
    `devices:
  card: { platform: ${CARD}, reset: none, irqs: [{ index: 0 }] }
  clock: { platform: ${CLOCK}, reset: none, irqs: [{ index: 0, unmask: eventfd }] }
iommu: noiommu
`,
  );
  const tame = project('tame', `devices:\n  card: { platform: ${CARD}, reset: none }\n`);
  const before = platformState();
  let run: HeldRun | undefined;

  test('R-GROUP-3: without an IOMMU a device is refused, as long as the manifest does not ask for that by name', async () => {
    const plan = await tame.run('plan');
    holds(plan.status !== 0, `plan ends with ${plan.status}`);
    contains(plan.stderr, [CARD, 'noiommu'], 'what plan says');
  });
  test('R-GROUP-3: where it asks, the plan is loud', async () => {
    const plan = await unsafe.run('plan');
    ended(plan, 0, 'plan');
    contains(plan.stdout, [CARD, CLOCK, 'vfio-platform', 'vfio-amba', 'UNSAFE'], 'the plan');
  });
  test('R-BIND-1: up binds both devices and holds their groups', async () => {
    ended(await unsafe.up(), 0, 'up');
    equal(platformLink('platform', CARD, 'driver'), 'vfio-platform', 'the driver of the card');
    equal(platformLink('amba', CLOCK, 'driver'), 'vfio-amba', 'the driver of the clock');
    equal(openError(noIommuNode('platform', CARD)), 'EBUSY', 'opening the group that the supervisor holds');
    equal((await unsafe.ps())?.status, 'running', 'its status');
  });
  test('R-BACK-1: after down the host is as before', async () => {
    ended(await unsafe.down(), 0, 'down');
    equal(platformState(), before, 'the host');
  });
  test('the run of a plan opens the devices, and their registers are there', async () => {
    mkdirSync(JOURNAL, { recursive: true });
    const devices = {
      card: { platform: CARD, reset: 'none' as const, irqs: [{ index: 0 }] },
      clock: { platform: CLOCK, reset: 'none' as const, irqs: [{ index: 0, unmask: 'eventfd' as const }] },
    };
    const plan = await planHere({ version: 1, name: 'held', vms: { machine: { iommu: 'noiommu', devices } } });
    run = await HeldRun.up(plan, JOURNAL);
    isNetworkCard(registersOf(run, CARD));
  });
  test('R-TREE-2: the tables that inspect takes from the tree are what the kernel says of the open devices', async () => {
    holds(run !== undefined, 'nothing is up');
    await tableAgrees(CARD, registersOf(run, CARD).info);
    await tableAgrees(CLOCK, registersOf(run, CLOCK).info);
  });
  test('an edge interrupt comes through the eventfd of the plan', async () => {
    holds(run !== undefined, 'nothing is up');
    await interruptsByCable(registersOf(run, CARD), run.fd(`eventfd#${CARD}/0`));
  });
  test('a level interrupt comes through the eventfds of the plan: masked by its delivery, unmasked by a call or an eventfd', async () => {
    holds(run !== undefined, 'nothing is up');
    const eventfds = { trigger: run.fd(`eventfd#${CLOCK}/0`), unmask: run.fd(`eventfd#${CLOCK}/0/unmask`) };
    await interruptsByAlarm(registersOf(run, CLOCK), eventfds);
  });
  test('R-BACK-1: the way back of the run leaves the host as before', async () => {
    holds(run !== undefined, 'nothing is up');
    await run.back();
    run = undefined;
    equal(platformState(), before, 'the host');
  });
  cleanup(async () => {
    await run?.back();
    await unsafe.down();
  });
};

const registersOf = (run: HeldRun, device: string): Registers => new Registers(run.kernel, run.fd(`device:${device}`));
