/**
 * 50,000 mappings made and removed on a real kernel, by the runtime and by a C program, in one boot of the kernel
 * harness. `npx tsx bench/mappings.ts` prints the result.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MapBenchReport } from '../test/kernel/guest/map-bench.ts';
import type { MapTimes } from '../test/kernel/guest/map-plan.ts';
import { median } from './measure.ts';
import type { BenchResult } from './result.ts';

const ROOT = join(import.meta.dirname, '..');
const MACHINE = 'intel';
const LIMIT = 2;

/** Boots the machine and measures, or says what this one lacks for it. Takes a minute or two. */
export async function run(): Promise<BenchResult> {
  const folder = mkdtempSync(join(tmpdir(), 'vfio-compose-bench-'));
  const told = { name: 'Mappings on a real kernel', method: 'see the rows', peers: [] };
  try {
    const args = ['--import', 'tsx', 'test/kernel/run.ts', '--machine', MACHINE, '--scenario', 'map-bench'];
    const { status, stdout, stderr } = spawnSync(process.execPath, [...args, '--out', folder], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    const report = join(folder, MACHINE, `map-bench-${MACHINE}.json`);
    if (status !== 0 || !existsSync(report)) {
      return { ...told, rows: [], skipped: `the kernel harness failed: ${lastLines(`${stderr}${stdout}`)}` };
    }
    return resultOf(JSON.parse(readFileSync(report, 'utf8')) as MapBenchReport);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const lastLines = (text: string): string => text.trim().split('\n').slice(-6).join(' | ');

function resultOf({ kernel, pages, rounds }: MapBenchReport): BenchResult {
  const total = (times: MapTimes) => times.mapMilliseconds + times.unmapMilliseconds;
  const c = rounds.map((round) => total(round.c));
  const ours = rounds.map((round) => total(round.ours) + round.ours.journalMilliseconds);
  const ratios = rounds.map((round, index) => (ours[index] ?? NaN) / total(round.c));
  const ratio = median(ratios);
  const middle = (what: string, values: readonly number[]) => ({ what, value: median(values), unit: 'ms' });
  return {
    name: `Mappings on a real kernel: ${pages.toLocaleString('en')} of 4 KiB`,
    method:
      `one boot of Debian's Linux ${kernel} on an emulated Intel IOMMU (QEMU without hardware virtualisation), ` +
      `${rounds.length} rounds in which both take turns; first to last mapping plus first to last removal, for the ` +
      `runtime plus the ${rounds[0]?.ours.journalRecords ?? 0} synced records of its journal; medians`,
    peers: ['a C program with the same ioctls in the same order (test/kernel/guest/map-bench.c, gcc -O2)'],
    rows: [
      middle('C, made and removed', c),
      middle('runtime, made, removed and journalled', ours),
      middle(
        'of which made',
        rounds.map((round) => round.ours.mapMilliseconds),
      ),
      middle(
        'of which removed',
        rounds.map((round) => round.ours.unmapMilliseconds),
      ),
      middle(
        'of which the journal',
        rounds.map((round) => round.ours.journalMilliseconds),
      ),
      { what: 'runtime against C', value: ratio, unit: 'x', limit: `at most ${LIMIT} x`, met: ratio <= LIMIT },
      { what: 'the same, of the fastest rounds', value: Math.min(...ours) / Math.min(...c), unit: 'x' },
      { what: 'the same, of the worst round', value: Math.max(...ratios), unit: 'x' },
    ],
  };
}

if (process.argv[1] === import.meta.filename) console.log(await run());
