/**
 * `vfio-compose plan --dtb` for the largest blob of the corpus (`npm run test:corpus`): CPU time of the whole process less
 * that of a Node that does nothing. `npx tsx bench/device-tree.ts` prints the result.
 */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { readFdt } from '../src/devicetree/fdt/read-fdt.ts';
import { linuxInterrupts, linuxRegions } from '../src/devicetree/index.ts';
import { inventoryFromTree } from '../src/runtime/inventory/from-tree.ts';
import { packagedBlobs } from '../test/corpus/blobs.ts';
import { told } from '../test/corpus/tools.ts';
import { BIN, median, requireBin, timeNode } from './measure.ts';
import type { BenchResult } from './result.ts';

const RUNS = 21;
const LIMIT_MS = 100;

/** Measures the built command. */
export async function run(): Promise<BenchResult> {
  requireBin();
  const blobs = (await packagedBlobs()).flatMap(({ trees }) => trees);
  const [largest] = blobs.toSorted((a, b) => statSync(b).size - statSync(a).size);
  if (largest === undefined) throw new Error('the corpus has no blob');
  const folder = mkdtempSync(join(tmpdir(), 'vfio-compose-bench-'));
  try {
    return measure(folder, largest);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function measure(folder: string, blob: string): BenchResult {
  const device = deviceOf(blob);
  const manifest = join(folder, 'vfio-compose.yaml');
  writeFileSync(
    manifest,
    `version: 1\nname: bench\niommu: noiommu\ndevices:\n  unit: { platform: '${device}', reset: none }\n`,
  );
  const probe = join(folder, 'probe.cjs');
  const code =
    'process.on("exit", () => { const { user, system } = process.cpuUsage(); console.error("cpu " + (user + system)); });';
  writeFileSync(probe, code);
  const cpu = (args: readonly string[]): number => {
    const { stderr, stdout } = timeNode(['-r', probe, ...args]);
    if (args.length > 2 && !stdout.includes('vfio-platform')) throw new Error('the plan binds nothing');
    return Number(/^cpu (\d+)$/m.exec(stderr)?.[1]) / 1e3;
  };
  const nothing: number[] = [];
  const ours: number[] = [];
  const dtc: number[] = [];
  // The first round fills the page cache.
  for (let round = 0; round <= RUNS; round++) {
    const empty = cpu(['-e', '0']);
    const planned = cpu([BIN, 'plan', '-f', manifest, '--dtb', blob]);
    const start = process.hrtime.bigint();
    told('dtc', ['-q', '-q', '-I', 'dtb', '-O', 'dts', '-o', '/dev/null', blob]);
    if (round === 0) continue;
    nothing.push(empty);
    ours.push(planned - empty);
    dtc.push(Number(process.hrtime.bigint() - start) / 1e6);
  }
  const value = median(ours);
  return {
    name: 'Device tree: a plan from the largest blob',
    method: `CPU time of the whole process, medians of ${RUNS} alternating runs; the blob is ${basename(blob)} with ${statSync(blob).size} bytes, the device ${device}`,
    peers: [
      `${told('dtc', ['--version']).toString().trim().replace('Version: ', '')} (wall time of printing the same blob)`,
    ],
    rows: [
      { what: 'node -e 0', value: median(nothing), unit: 'ms' },
      {
        what: 'plan --dtb, less node -e 0',
        value,
        unit: 'ms',
        limit: `at most ${LIMIT_MS} ms`,
        met: value <= LIMIT_MS,
      },
      { what: 'dtc -I dtb -O dts', value: median(dtc), unit: 'ms' },
    ],
  };
}

/** The first device of the tree that has registers and an interrupt, and nothing below it. */
function deviceOf(blob: string): string {
  const read = readFdt(readFileSync(blob));
  if ('problem' in read) throw new Error(`${blob}: ${read.problem.what}`);
  const { tree } = read;
  const found = inventoryFromTree(tree).devices.find((device) => {
    const node = device.bus === 'platform' && device.treePath !== null && tree.byPath.get(device.treePath);
    return (
      node !== false &&
      node?.children.length === 0 &&
      device.group === null &&
      linuxRegions(tree, node).length > 0 &&
      linuxInterrupts(tree, node).length > 0
    );
  });
  if (!found) throw new Error(`${blob} has no device to plan for`);
  return found.address;
}

if (process.argv[1] === import.meta.filename) console.log(await run());
