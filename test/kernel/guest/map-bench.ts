import path from 'node:path';
import { equal } from './assert.ts';
import { runProgram, WORK } from './command.ts';
import { bindTo, findNics, giveBack, groupOf } from './pci.ts';
import { attach } from './report-port.ts';
import type { Scenario } from './scenario.ts';

const PAGES = 4096;

/** How long the kernel itself takes for a mapping: the floor under any measurement of the product. */
export const mapBench: Scenario = ({ test, cleanup, machine }) => {
  const { alone } = findNics();
  test(`${PAGES} pages are mapped and unmapped one by one`, async () => {
    bindTo(alone, 'vfio-pci');
    const ended = await runProgram(path.join(WORK, 'bin', 'map-bench'), [groupOf(alone), String(PAGES)]);
    equal(ended.status, 0, `its status (${ended.stderr.trim()})`);
    attach(`map-bench-${machine}.json`, ended.stdout);
  });
  cleanup(() => giveBack(alone));
};
