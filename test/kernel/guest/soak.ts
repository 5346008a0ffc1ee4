import { equal, holds } from './assert.ts';
import type { Running } from './command.ts';
import { ChildProject } from './child-project.ts';
import { planHere } from './held-run.ts';
import { cameBack, hostState, type HostState } from './host-state.ts';
import type { Footprint } from './kill-point.ts';
import { carriesPackets } from './network.ts';
import { findNics, groupOf, netdevsOf } from './pci.ts';
import { note } from './report-port.ts';
import type { Scenario } from './scenario.ts';
import { openError } from './vfio.ts';

const CYCLES = 500;
/** The cycles between two lines of the report, and the time that they may take where others use the processor too. */
const PART = 100;
const PART_LIMIT_SECONDS = 550;

/** Node's own memory settles in the first cycles; from there on it may wander by this much, in KiB. */
const WANDERS_KIB = 4096;

/** One process brings a NIC up and back again and again, and has no more of the machine in the end than in the beginning. */
export const soak: Scenario = ({ test, cleanup }) => {
  const { alone } = findNics();
  let before: HostState;
  let prints: readonly Footprint[] = [];
  let running: Running | undefined;

  /** Waits until this many cycles are over. */
  async function reach(cycles: number): Promise<void> {
    holds(running !== undefined, 'the process was not started');
    while (lines(running).length < cycles) {
      holds(running.child.exitCode === null, `it ended in cycle ${lines(running).length + 1}: ${running.output()}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  test('a process starts to bring a NIC up and back', async () => {
    before = hostState();
    const plan = await planHere({
      version: 1,
      name: 'soaked',
      vms: {
        machine: {
          devices: { nic0: { pci: alone, irqs: [{ index: 'msix', count: 2 }] } },
          memory: [
            { iova: '0x40000000', size: '2MiB' },
            { iova: '0x80000000', size: '4MiB', backing: 'memfd' },
          ],
        },
      },
    });
    running = new ChildProject(plan).repeat(CYCLES, CYCLES * 6);
    await reach(1);
  });
  for (let cycle = PART; cycle <= CYCLES; cycle += PART) {
    test(`R-BACK-1: cycle ${cycle} comes back`, () => reach(cycle), PART_LIMIT_SECONDS);
  }
  test(`R-BACK-1: after ${CYCLES} times up and down in one process the host is as before`, async () => {
    holds(running !== undefined, 'the process was not started');
    const finished = await running.finished;
    equal(finished.status, 0, `the status of the process (${finished.stderr})`);
    prints = lines(running).map((line) => JSON.parse(line) as Footprint);
    equal(prints.length, CYCLES, 'the number of cycles');
    cameBack(before);
    equal(openError(groupOf(alone)), 'ENOENT', 'opening the group that nobody holds');
  });
  test('no descriptor and no locked memory is left by any cycle', () => {
    const [first] = prints;
    holds(first !== undefined, 'no cycle ran');
    for (const [cycle, { openFiles, lockedKiB }] of prints.entries()) {
      equal({ openFiles, lockedKiB }, { openFiles: first.openFiles, lockedKiB: 0 }, `what cycle ${cycle + 1} left`);
    }
  });
  test(`the memory of the process is flat: the last hundred cycles within ${WANDERS_KIB} KiB of the second hundred`, () => {
    const early = median(prints.slice(100, 200));
    const late = median(prints.slice(-100));
    holds(late - early <= WANDERS_KIB, `VmRSS went from ${early} to ${late} KiB`);
  });
  test('the NIC works after that', async () => {
    const [name] = netdevsOf(alone);
    holds(name !== undefined, 'the NIC has no network interface');
    await carriesPackets(name);
  });
  cleanup(() => void running?.child.kill('SIGKILL'));
  cleanup(() => {
    const parts = [0, 100, 200, 300, 400].map((from) => median(prints.slice(from, from + 100)));
    note(`soak: ${prints.length} cycles; VmRSS in KiB, median of each hundred: ${parts.join(', ')}`);
  });
};

/** What the process has printed, whole lines only. */
const lines = (running: Running): string[] => running.output().split('\n').slice(0, -1);

function median(prints: readonly Footprint[]): number {
  const sorted = prints
    .filter(({ collected }) => collected)
    .map(({ residentKiB }) => residentKiB)
    .sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
