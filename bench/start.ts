/**
 * `vfio-compose plan` of a manifest with one device against a Node that does nothing. `npx tsx bench/start.ts` prints
 * the result.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { snapshotText } from '../src/runtime/inventory/snapshot-text.ts';
import { host } from '../src/testing/index.ts';
import { BIN, median, requireBin, timeNode } from './measure.ts';
import type { BenchResult } from './result.ts';

const RUNS = 41;
const LIMIT = 2;
const EXAMPLE = join(import.meta.dirname, '..', 'examples', 'one-nic');

/** Measures the built command. */
export async function run(): Promise<BenchResult> {
  requireBin();
  const made = existsSync(join(EXAMPLE, 'host.json')) ? undefined : await makeExample();
  try {
    return measure(made ?? EXAMPLE, made ? 'a generated host' : 'examples/one-nic');
  } finally {
    if (made !== undefined) rmSync(made, { recursive: true, force: true });
  }
}

function measure(folder: string, what: string): BenchResult {
  // The manifest is found, not named: what a user in the folder types, and the longer way.
  const plan = [BIN, 'plan', '--host', 'host.json'];
  const nothing: number[] = [];
  const ours: number[] = [];
  // The first round fills the page cache.
  for (let round = 0; round <= RUNS; round++) {
    const empty = timeNode(['-e', '0']);
    const planned = timeNode(plan, folder);
    if (!planned.stdout.includes('vfio-pci')) throw new Error('the plan binds nothing');
    if (round === 0) continue;
    nothing.push(empty.milliseconds);
    ours.push(planned.milliseconds);
  }
  const ratio = median(ours) / median(nothing);
  return {
    name: 'Start: plan of one device',
    method: `wall time of the whole process, medians of ${RUNS} alternating runs, manifest and host of ${what}`,
    peers: [`node -e 0 (Node ${process.version})`],
    rows: [
      { what: 'node -e 0', value: median(nothing), unit: 'ms' },
      { what: 'vfio-compose plan', value: median(ours), unit: 'ms' },
      { what: 'plan against node -e 0', value: ratio, unit: 'x', limit: `at most ${LIMIT} x`, met: ratio <= LIMIT },
      { what: 'the same, of the fastest runs', value: Math.min(...ours) / Math.min(...nothing), unit: 'x' },
    ],
  };
}

async function makeExample(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'vfio-compose-bench-'));
  const inventory = host()
    .intelIommu()
    .bridge('0000:00:01.0', { bus: '01' })
    .nic('0000:01:00.0')
    .nvme('0000:02:00.0')
    .usb('0000:00:14.0')
    .build();
  writeFileSync(join(folder, 'host.json'), snapshotText(inventory, { identifiers: false }));
  writeFileSync(
    join(folder, 'vfio-compose.yaml'),
    'version: 1\nname: one\ndevices:\n  nic: 0000:01:00.0\nmemory:\n  - { iova: 0, size: 64MiB }\n',
  );
  return folder;
}

if (process.argv[1] === import.meta.filename) console.log(await run());
