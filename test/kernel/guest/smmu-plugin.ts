import { mkdirSync } from 'node:fs';
import type { ManifestDocument, Step } from '../../../src/model/index.ts';
import { contains, equal, holds } from './assert.ts';
import { runProgram } from './command.ts';
import { findEdu, writeByDma } from './edu.ts';
import { HeldRun, planHere } from './held-run.ts';
import { cameBack, hostState } from './host-state.ts';
import { mapAnswers, pagesAround } from './map-probe.ts';
import { bindTo, findNics, giveBack, groupOf } from './pci.ts';
import { ended, project } from './project.ts';
import type { Guest, Scenario } from './scenario.ts';
import { describedBySmmu, isRefused } from './smmu-verdict.ts';
import * as vfio from './vfio.ts';

const JOURNAL = '/run/smmu-plugin';

/** The plugin of the SMMU against the kernel and the emulated hardware: the window of MSI doorbells, and stream ids. */
export const smmuPlugin: Scenario = (guest) => {
  const { alone } = findNics();
  edgesOfWindow(guest, alone);
  aroundWindow(guest, alone);
  streamOfFunction(guest);
};

/** A MiB and more before the window, as much behind it. */
const ACROSS = [{ iova: '0x7f00000', size: '4MiB' }];

const document = (pci: string, rest: object): ManifestDocument => ({
  version: 1,
  name: 'smmu',
  vms: { machine: { devices: { card: { pci, reset: 'none' } }, ...rest } },
});

/** The compiler refuses a page exactly where the kernel does. */
function edgesOfWindow({ test }: Guest, nic: string): void {
  test('R-GROUP-5: at each edge of the MSI window the compiler and the kernel agree about a page', async () => {
    const before = hostState();
    const pages = pagesAround(vfio.msiWindow(groupOf(nic)));
    const refused: boolean[] = [];
    for (const iova of pages) {
      const memory = [{ iova: `0x${iova.toString(16)}`, size: '4KiB' }];
      refused.push(await isRefused(document(nic, { memory }), 'memory-on-reserved-region'));
    }
    equal(refused, [false, true, true, false], 'whether the compiler refuses a page');
    bindTo(nic, 'vfio-pci');
    const container = vfio.openContainer();
    const group = vfio.openGroup(groupOf(nic));
    vfio.succeed('SET_CONTAINER', vfio.setContainer(group, container));
    vfio.succeed('SET_IOMMU', vfio.setIommu(container, vfio.TYPE1V2));
    const answers = mapAnswers(container, pages);
    vfio.close(group);
    vfio.close(container);
    giveBack(nic);
    equal(answers, [undefined, 'EINVAL', 'EINVAL', undefined], 'what the kernel says');
    cameBack(before);
  });
}

/** What the options make of memory that lies across the window, and that the kernel has it so. */
function aroundWindow({ test, cleanup }: Guest, nic: string): void {
  const held = project(
    'window',
    `devices:\n  card: { pci: '${nic}', reset: none }\nmemory:\n  - { iova: 0x7f00000, size: 4MiB }\n`,
  );
  let run: HeldRun | undefined;
  const probe = async (msiWindow: string, iovas: readonly bigint[], parts: readonly string[]) => {
    const before = hostState();
    const plan = await planHere(document(nic, { memory: ACROSS, iommu: { options: { msiWindow } } }));
    const maps = plan.up.filter((step): step is Extract<Step, { kind: 'map-dma' }> => step.kind === 'map-dma');
    equal(
      maps.map(({ iova, size }) => `0x${iova.toString(16)} 0x${size.toString(16)}`),
      parts,
      'what the plan maps',
    );
    mkdirSync(JOURNAL, { recursive: true });
    run = await HeldRun.up(plan, JOURNAL);
    const answers = mapAnswers(run.fd('container#machine'), iovas);
    await run.back();
    run = undefined;
    cameBack(before);
    return answers;
  };
  test('memory across the window is refused unless the manifest says what becomes of it', async () => {
    const up = await held.up();
    ended(up, 4, 'up');
    contains(up.stderr, ['memory-on-reserved-region', '0x8000000-0x80fffff'], 'what up says');
  });
  test('msiWindow: hole maps up to the window and behind it, and the kernel has nothing in between', async () => {
    const ends = [...pagesAround({ start: 0x800_0000n, end: 0x80f_ffffn }), 0x82f_f000n, 0x830_0000n];
    equal(
      await probe('hole', ends, ['0x7f00000 0x100000', '0x8100000 0x200000']),
      ['EEXIST', 'EINVAL', 'EINVAL', 'EEXIST', 'EEXIST', undefined],
      'the edges of what is mapped',
    );
  });
  test('msiWindow: move maps the rest behind the window, a MiB further than the manifest says', async () => {
    const ends = [...pagesAround({ start: 0x800_0000n, end: 0x80f_ffffn }), 0x83f_f000n, 0x840_0000n];
    equal(
      await probe('move', ends, ['0x7f00000 0x100000', '0x8100000 0x300000']),
      ['EEXIST', 'EINVAL', 'EINVAL', 'EEXIST', 'EEXIST', undefined],
      'the edges of what is mapped',
    );
  });
  test('the installed command brings such a manifest up and back, and says what it moves', async () => {
    const before = hostState();
    const moved = project(
      'moved',
      `devices:\n  card: { pci: '${nic}', reset: none }\nmemory:\n  - { iova: 0x7f00000, size: 4MiB }\niommu: { options: { msiWindow: move } }\n`,
    );
    cleanup(async () => {
      await moved.down();
    });
    const up = await moved.up();
    ended(up, 0, 'up');
    contains(up.stderr + up.stdout, ['smmu-memory-moved', '0x8100000-0x83fffff'], 'what up says');
    ended(await moved.down(), 0, 'down');
    cameBack(before);
  });
  cleanup(async () => {
    await run?.back();
  });
}

/** The stream id that is shown is the one with which the device's transactions reach the SMMU. */
function streamOfFunction({ test, cleanup }: Guest): void {
  let run: HeldRun | undefined;
  test('the stream id that the plugin shows is the one that the SMMU reports for a write of the device', async () => {
    const edu = findEdu();
    // With a device tree the kernel gives a group only to devices on which a driver was tried, and nobody drives this one.
    bindTo(edu, 'vfio-pci');
    giveBack(edu);
    const [line = ''] = await describedBySmmu(edu);
    const [, shown] = /^stream (0x[0-9a-f]+) of \/smmuv3@/.exec(line) ?? [];
    holds(shown !== undefined, `the plugin says of ${edu}: ${line}`);
    mkdirSync(JOURNAL, { recursive: true });
    run = await HeldRun.up(await planHere(document(edu, {})), JOURNAL);
    // A port whose group is in a domain of VFIO's has such faults too: its own interrupts are not mapped there.
    const before = (await faultingStreams()).length;
    writeByDma(run.fd(`device:${edu}`), 0x10_0000);
    const seen = await untilSome(async () => (await faultingStreams()).slice(before));
    await run.back();
    run = undefined;
    equal([...new Set(seen)], [shown], 'the streams of translation faults');
  });
  cleanup(async () => {
    await run?.back();
  });
}

/**
 * The streams of translation faults in the kernel's log, in their order. Linux prints the event as the SMMU wrote it: the stream
 * in the upper half of its first word, 0x10 (F_TRANSLATION) in the lowest byte; newer ones in words.
 */
async function faultingStreams(): Promise<string[]> {
  const log = await runProgram('busybox', ['dmesg']);
  const words = [...log.stdout.matchAll(/arm-smmu-v3 \S+\s+0x([0-9a-f]{8})[0-9a-f]{6}10$/gm)];
  const named = [...log.stdout.matchAll(/F_TRANSLATION client: \S+ sid: 0x([0-9a-f]+)/g)];
  return [...words, ...named].map(([, sid = '']) => `0x${Number.parseInt(sid, 16).toString(16)}`);
}

async function untilSome(look: () => Promise<string[]>): Promise<string[]> {
  for (let tries = 0; tries < 50; tries += 1) {
    const found = await look();
    if (found.length > 0) return found;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return [];
}
