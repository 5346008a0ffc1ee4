import { equal, holds } from './assert.ts';
import { ChildProject } from './child-project.ts';
import { planHere } from './held-run.ts';
import { cameBack, hostState, type HostState } from './host-state.ts';
import { MOMENTS, type Moment, type SeenStep, type Way } from './kill-point.ts';
import { carriesPackets } from './network.ts';
import { findNics, netdevsOf } from './pci.ts';
import { note } from './report-port.ts';
import type { Scenario } from './scenario.ts';

/** There are some twenty steps, and an emulated processor takes its time for each. */
const LIMIT_SECONDS = 550;

/**
 * A real process with real descriptors dies of a real SIGKILL, at every moment of every step of the plan of one NIC, there and
 * back. Each time the journal leads back to the host from which all of them start.
 */
export const killAtEachStep: Scenario = ({ test, cleanup }) => {
  const { alone } = findNics();
  let before: HostState;
  let project: ChildProject;
  let steps: readonly SeenStep[] = [];
  const counts: Record<string, number> = {};

  async function works(): Promise<void> {
    const [name] = netdevsOf(alone);
    holds(name !== undefined, 'the NIC has no network interface');
    await carriesPackets(name);
  }

  async function killAt(way: Way, moment: Moment): Promise<void> {
    const there = steps.filter((one) => one.way === way && (one.called || moment === 'when it is over'));
    holds(there.length > 0, 'no step has this moment');
    for (const { step, durable } of there) {
      const { status, stdout, stderr } = await project.run({ way, step, moment });
      equal(status, 'SIGKILL', `how the process ended that was to be killed at ${step} (${stdout}${stderr})`);
      await project.recover();
      cameBack(before);
      // The others are over as soon as the process is gone: what they did to the device is the kernel's to undo.
      if (durable) await works();
    }
    await works();
    counts[`${way}, ${moment}`] = there.length;
  }

  test('R-BACK-1: undisturbed, every step of the plan runs, there and back, and the host is as before', async () => {
    await works();
    before = hostState();
    const plan = await planHere({
      version: 1,
      name: 'killed',
      vms: {
        machine: {
          devices: { nic0: { pci: alone, irqs: [{ index: 'msix', count: 2 }] } },
          memory: [{ iova: '0x40000000', size: '2MiB' }],
        },
      },
    });
    project = new ChildProject(plan);
    const { status, stdout, stderr } = await project.run();
    equal(status, 0, `the status of the process (${stderr})`);
    steps = JSON.parse(stdout) as SeenStep[];
    const ran = (way: Way) => steps.filter((one) => one.way === way).map(({ step }) => step);
    equal(
      ran('up'),
      plan.up.map(({ id }) => id),
      'the steps of up',
    );
    equal(
      ran('down'),
      plan.down.map(({ id }) => id),
      'the steps of down',
    );
    cameBack(before);
  });
  for (const way of ['up', 'down'] as const) {
    for (const moment of MOMENTS) {
      test(
        `R-BACK-2: killed ${moment}, at every step of ${way}: the way back leads to the same host, and the NIC works`,
        () => killAt(way, moment),
        LIMIT_SECONDS,
      );
    }
  }
  cleanup(() => {
    const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
    note(`kill-at-each-step: ${all} kills of a real process, all came back: ${JSON.stringify(counts)}`);
  });
};
