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

/**
 * How far the memory of the process may be from that of the hundred cycles before, in KiB. Node's own grows ever more slowly for some
 * hundred cycles, while code is compiled: by 17, 5, 3 and 0.5 MiB in a hundred.
 */
const WANDERS_KIB = 2048;
/** The same for what is left to the whole machine, which other processes and the kernel's caches share. */
const MACHINE_WANDERS_KIB = 16_384;

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
  test(`the memory of the process is flat: the last ${PART} cycles within ${WANDERS_KIB} KiB of those before`, () => {
    const [early, late] = [-2 * PART, -PART].map((from) => residentKiB(prints.slice(from).slice(0, PART)));
    holds(
      early !== undefined && late !== undefined && late - early <= WANDERS_KIB,
      `VmRSS went from ${early} to ${late} KiB`,
    );
  });
  test(`nothing of the machine's memory goes: what is left is within ${MACHINE_WANDERS_KIB} KiB of what was after ${2 * PART} cycles`, () => {
    const [early, late] = [prints[2 * PART - 1], prints.at(-1)].map((print) => print?.availableKiB);
    holds(
      early !== undefined && late !== undefined && early - late <= MACHINE_WANDERS_KIB,
      `MemAvailable went from ${early} to ${late} KiB`,
    );
  });
  test('the NIC works after that', async () => {
    const [name] = netdevsOf(alone);
    holds(name !== undefined, 'the NIC has no network interface');
    await carriesPackets(name);
  });
  cleanup(() => void running?.child.kill('SIGKILL'));
  cleanup(() => {
    const firsts = Array.from({ length: prints.length / PART }, (_, n) => n * PART);
    const resident = firsts.map((from) => residentKiB(prints.slice(from, from + PART)));
    const available = firsts.map((from) => prints[from + PART - 1]?.availableKiB);
    note(
      `soak: ${prints.length} cycles; in KiB, of each ${PART}: VmRSS ${resident.join(', ')}; MemAvailable ${available.join(', ')}`,
    );
  });
};

/** What the process has printed, whole lines only. */
const lines = (running: Running): string[] => running.output().split('\n').slice(0, -1);

/** The median of what the process had after a collection. */
function residentKiB(prints: readonly Footprint[]): number {
  const sorted = prints
    .filter(({ collected }) => collected)
    .map((print) => print.residentKiB)
    .sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
