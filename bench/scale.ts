/**
 * `vfio-compose plan --out` for a host of 10,000 PCI functions of which 1,000 are assigned, and for a tenth and ten
 * times of both, each in a process of its own. `npx tsx bench/scale.ts` prints the result.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';
import { snapshotText } from '../src/runtime/inventory/snapshot-text.ts';
import { BIN, median, requireBin, timeNode } from './measure.ts';
import type { BenchResult, BenchRow } from './result.ts';
import { ASSIGNED_OF_UNIT, scaleHost, scaleManifest, UNIT } from './scale-host.ts';

/** The load that the limits are for, in units of {@link scaleHost}. */
const UNITS = 200;
const LIMIT_SECONDS = 1.5;
const LIMIT_MB = 400;
const LIMIT_GROWTH = 12;
/** What the largest host needs of the machine that measures: to be written, and to be planned for. */
const LARGE_BYTES = 6e9;
const PREPARE = '--prepare';

interface Size {
  readonly units: number;
  readonly runs: number;
}

interface Figures {
  readonly seconds: number;
  readonly fastest: number;
  readonly megabytes: number;
}

/** Measures the built command. */
export async function run(): Promise<BenchResult> {
  requireBin();
  const sizes: readonly Size[] = [
    { units: UNITS / 10, runs: 11 },
    { units: UNITS, runs: 11 },
    { units: UNITS * 10, runs: 3 },
  ];
  const start = median(Array.from({ length: 11 }, () => timeNode(['-e', '0']).milliseconds)) / 1e3;
  const rows: BenchRow[] = [{ what: 'node -e 0', value: start, unit: 's' }];
  let smaller: Figures | undefined;
  for (const size of sizes) {
    const what = sizeText(size.units);
    if (size.units > UNITS && freemem() < LARGE_BYTES) {
      rows.push({
        what: `${what}: NOT RUN, less than ${LARGE_BYTES / 1e9} GB are free`,
        value: NaN,
        unit: 's',
        met: false,
      });
      continue;
    }
    const figures = measure(size);
    rows.push(...rowsOf(size, figures));
    if (smaller) rows.push(growth(what, figures.fastest - start, smaller.fastest - start));
    smaller = figures;
  }
  return {
    name: 'Scale: plan of a thousand devices',
    method:
      'wall time and peak resident memory of the whole process, medians; growth compares the fastest runs less the start of Node',
    peers: [],
    rows,
  };
}

const sizeText = (units: number): string =>
  `${(units * UNIT).toLocaleString('en')} devices, ${(units * ASSIGNED_OF_UNIT).toLocaleString('en')} assigned`;

function rowsOf({ units }: Size, figures: Figures): BenchRow[] {
  const limited = units === UNITS;
  const { seconds, fastest, megabytes } = figures;
  const limit = (met: boolean, text: string) => (limited ? { limit: `at most ${text}`, met } : {});
  return [
    { what: sizeText(units), value: seconds, unit: 's', ...limit(seconds <= LIMIT_SECONDS, `${LIMIT_SECONDS} s`) },
    { what: `${sizeText(units)}, fastest run`, value: fastest, unit: 's' },
    {
      what: `${sizeText(units)}, peak memory`,
      value: megabytes,
      unit: 'MB',
      ...limit(megabytes <= LIMIT_MB, `${LIMIT_MB} MB`),
    },
  ];
}

function growth(what: string, larger: number, smaller: number): BenchRow {
  const value = larger / smaller;
  const met = value <= LIMIT_GROWTH;
  return { what: `ten times the work: ${what}`, value, unit: 'x', limit: `at most ${LIMIT_GROWTH} x`, met };
}

function measure({ units, runs }: Size): Figures {
  const folder = mkdtempSync(join(tmpdir(), 'vfio-compose-bench-'));
  try {
    prepare(folder, units);
    const files = ['-f', join(folder, 'vfio-compose.yaml'), '--host', join(folder, 'host.json')];
    const out = join(folder, 'plan.json');
    const command = ['-r', memoryProbe(folder), BIN, 'plan', ...files, '--out', out];
    const times: number[] = [];
    const peaks: number[] = [];
    for (let round = 0; round < runs; round++) {
      rmSync(out, { force: true });
      const { milliseconds, stderr } = timeNode(command);
      times.push(milliseconds / 1e3);
      peaks.push(Number(/^peak-kilobytes (\d+)$/m.exec(stderr)?.[1]) / 1e3);
    }
    const binds = readFileSync(out, 'utf8').match(/"kind":"bind-driver"/g)?.length ?? 0;
    if (binds !== 2 * units * ASSIGNED_OF_UNIT) throw new Error(`the plan binds and gives back ${binds} devices`);
    return { seconds: median(times), fastest: Math.min(...times), megabytes: median(peaks) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A process of its own writes the files: this one would keep the memory and be slower for it. */
function prepare(folder: string, units: number): void {
  const args = ['--max-old-space-size=6000', '--import', 'tsx', import.meta.filename, PREPARE, folder, String(units)];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the host could not be written: ${stderr}`);
}

function memoryProbe(folder: string): string {
  const file = join(folder, 'probe.cjs');
  const code = 'process.on("exit", () => console.error("peak-kilobytes " + process.resourceUsage().maxRSS));\n';
  writeFileSync(file, code);
  return file;
}

if (process.argv[1] === import.meta.filename) {
  const [flag, folder, units] = process.argv.slice(2);
  if (flag === PREPARE && folder !== undefined) {
    writeFileSync(join(folder, 'host.json'), snapshotText(scaleHost(Number(units)), { identifiers: false }));
    writeFileSync(join(folder, 'vfio-compose.yaml'), scaleManifest(Number(units)));
  } else console.log(await run());
}
