import { mkdtempSync } from 'node:fs';
import path from 'node:path';
import { equal, holds } from './assert.ts';
import { runProgram, WORK } from './command.ts';
import { ExecutedPlan, planOfMappings, type ExecutedTimes, type MapTimes } from './map-plan.ts';
import { bindTo, findNics, giveBack, groupOf } from './pci.ts';
import { attach } from './report-port.ts';
import type { Scenario } from './scenario.ts';

/** Below dma_entry_limit, which is 65,535 where nobody changed it. */
const PAGES = 50_000;
const ROUNDS = 7;

/** The attachment that bench/mappings.ts reads. */
export interface MapBenchReport {
  readonly kernel: string;
  readonly pages: number;
  readonly rounds: readonly { readonly c: MapTimes; readonly ours: ExecutedTimes }[];
}

/**
 * 50,000 mappings of a page each, made and removed on one group in one boot: by a C program, and by the product's own
 * executor, kernel port and journal. They take turns, since an emulated machine does not keep its pace.
 */
export const mapBench: Scenario = ({ test, cleanup, machine }) => {
  const { alone } = findNics();
  const rounds: { c: MapTimes; ours: ExecutedTimes }[] = [];
  let executed: ExecutedPlan;
  test(`a plan of ${PAGES} mappings keeps every law`, async () => {
    executed = new ExecutedPlan(await planOfMappings(alone, PAGES));
  });
  for (let round = 1; round <= ROUNDS; round++) {
    test(`round ${round}: the C program and the runtime map and unmap ${PAGES} pages`, async () => {
      const c = await runC(alone);
      const ours = await executed.run(mkdtempSync('/run/map-bench-'));
      holds(ours.journalRecords > 0, 'the journal has no record');
      rounds.push({ c, ours });
    });
  }
  test('every round was measured', () => {
    equal(rounds.length, ROUNDS, 'the number of rounds');
    const report: MapBenchReport = { kernel: executed.release, pages: PAGES, rounds };
    attach(`map-bench-${machine}.json`, JSON.stringify(report));
  });
  cleanup(() => giveBack(alone));
};

async function runC(device: string): Promise<MapTimes> {
  bindTo(device, 'vfio-pci');
  const ended = await runProgram(path.join(WORK, 'bin', 'map-bench'), [groupOf(device), String(PAGES)]);
  equal(ended.status, 0, `its status (${ended.stderr.trim()})`);
  giveBack(device);
  const told = JSON.parse(ended.stdout) as { mapNanoseconds: number; unmapNanoseconds: number };
  return { mapMilliseconds: told.mapNanoseconds / 1e6, unmapMilliseconds: told.unmapNanoseconds / 1e6 };
}
