import fc from 'fast-check';
import { readFdt } from '../../src/devicetree/fdt/read-fdt.ts';
import { writeDts } from '../../src/devicetree/fdt/write-dts.ts';
import { writeFdt } from '../../src/devicetree/fdt/write-fdt.ts';
import { randomDeviceTree } from '../../src/testing/random-device-tree.ts';
import { differences, plain } from './compare.ts';
import { parseDtcOutput } from './dtc-output.ts';
import type { Tally } from './tally.ts';
import { dtcBlob, dtcText } from './tools.ts';

/** Two runs of dtc each. */
const RUNS = 300;

/** Trees of names and values that no board has, written by us and read by `dtc`. */
export function checkRandomTrees(tally: Tally): void {
  const asBlob = fc.property(randomDeviceTree, (tree) => {
    const found = differences(plain(tree), parseDtcOutput(dtcText(writeFdt(tree))).tree, true);
    if (found.length > 0) throw new Error(found.join('\n'));
  });
  const asSource = fc.property(randomDeviceTree, (tree) => {
    const again = readFdt(dtcBlob(writeDts(tree.root)));
    if ('problem' in again) throw new Error(again.problem.what);
    const found = differences(plain(tree), plain(again.tree), true);
    if (found.length > 0) throw new Error(found.join('\n'));
  });
  for (const [title, property] of Object.entries({ blobs: asBlob, sources: asSource })) {
    const { failed, seed, counterexample, errorInstance } = fc.check(property, { numRuns: RUNS });
    const source = counterexample ? writeDts(counterexample[0].root) : '';
    tally.add(`random trees as ${title}`, failed ? [`seed ${seed}`, String(errorInstance), source] : []);
  }
}
