import path from 'node:path';
import { parseArgs } from 'node:util';
import { blobsBelow, packagedBlobs } from './blobs.ts';
import type { Outcome } from './check-blob.ts';
import { checkControls } from './check-controls.ts';
import { checkExampleTrees } from './example-trees.ts';
import { checkGuestTrees } from './guest-dts.ts';
import { checkOverlays } from './check-overlays.ts';
import { checkRandomTrees } from './check-random-trees.ts';
import { parseTime } from './parse-time.ts';
import { Tally } from './tally.ts';
import { told } from './tools.ts';
import { checkBlobs } from './workers.ts';

const USAGE = `usage: tsx test/corpus/run.ts [--also FOLDER]... [--only TEXT]
  --also    further .dtb and .dtbo files, beside those of Debian's packages; so does VFIO_COMPOSE_DTB_DIR
  --only    only files whose path contains TEXT`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      also: { type: 'string', multiple: true, default: [] },
      only: { type: 'string', default: '' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void console.log(USAGE);
  console.log(`# ${told('dtc', ['--version']).toString().trim()}`);
  const named = process.env['VFIO_COMPOSE_DTB_DIR'];
  const folders = [...values.also, ...(named ? [named] : [])].map((folder) => path.resolve(folder));
  const origins = [
    ...(await packagedBlobs()),
    ...(await Promise.all(folders.map((folder) => blobsBelow(folder, folder)))),
  ].map(({ origin, trees, overlays }) => ({
    origin,
    trees: trees.filter((file) => file.includes(values.only)),
    overlays,
  }));
  const tally = new Tally();
  for (const { origin, trees, overlays } of origins) {
    console.log(`# ${origin}: ${trees.length} trees, ${overlays.length} overlays`);
    if (trees.length === 0 && values.only === '') tally.fail(origin, ['it has no device tree']);
  }
  const files = origins.flatMap(({ trees }) => trees);
  if (files.length === 0) tally.fail('the corpus', ['no device tree is chosen']);
  console.log(`# ${parseTime(files)}`);
  checkControls(tally);
  const outcomes: Outcome[] = [];
  await checkBlobs(files, (outcome) => {
    outcomes.push(outcome);
    tally.add(outcome.file, outcome.problems);
    if (outcomes.length % 100 === 0) console.log(`# ${outcomes.length} of ${files.length} trees`);
  });
  checkRandomTrees(tally);
  checkGuestTrees(files, tally);
  checkOverlays(origins, tally);
  await checkExampleTrees(tally);
  summarize(outcomes);
  tally.finish();
}

function summarize(outcomes: readonly Outcome[]): void {
  const sum = (of: (outcome: Outcome) => number): string =>
    outcomes.reduce((total, outcome) => total + of(outcome), 0).toLocaleString('en');
  const all = `${outcomes.length} trees, ${sum((one) => one.nodes)} nodes, ${sum((one) => one.properties)} properties`;
  console.log(`# ${all}, each compared with dtc`);
  const unknown = `${sum((one) => one.unknownToFdtget)} are of nodes that libfdt cannot name`;
  console.log(`# ${sum((one) => one.askedOfFdtget)} of them asked of fdtget; ${unknown}`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
});
