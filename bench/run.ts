/**
 * `npm run bench [-- NAME...]`: measures, prints a table, and writes bench/RESULTS.md where everything was measured. The
 * status is 1 where a limit is not kept or something could not be measured.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeMachine } from './machine.ts';
import { allMet, documentOf, tableOf } from './report.ts';
import type { BenchResult } from './result.ts';

/** Loaded one by one, so that one's memory and compiled code do not weigh on the next. */
const BENCHES: Readonly<Record<string, () => Promise<{ run(): Promise<BenchResult> }>>> = {
  start: () => import('./start.ts'),
  scale: () => import('./scale.ts'),
  inspect: () => import('./inspect.ts'),
  'device-tree': () => import('./device-tree.ts'),
  mappings: () => import('./mappings.ts'),
};

async function measure(name: string): Promise<BenchResult> {
  try {
    const bench = await BENCHES[name]?.();
    if (!bench) throw new Error('there is no such benchmark');
    return await bench.run();
  } catch (error) {
    const skipped = error instanceof Error ? error.message : String(error);
    return { name, method: '', rows: [], peers: [], skipped };
  }
}

async function main(asked: readonly string[]): Promise<number> {
  const unknown = asked.filter((name) => !Object.hasOwn(BENCHES, name));
  if (unknown.length > 0) {
    console.error(`no benchmark is called ${unknown.join(', ')}; there are ${Object.keys(BENCHES).join(', ')}`);
    return 64;
  }
  const machine = describeMachine(new Date());
  const results: BenchResult[] = [];
  for (const name of asked.length > 0 ? asked : Object.keys(BENCHES)) {
    const result = await measure(name);
    results.push(result);
    console.log(`${tableOf(result).join('\n')}\n`);
  }
  if (asked.length === 0) {
    writeFileSync(join(import.meta.dirname, 'RESULTS.md'), documentOf(results, machine, 'npm run bench'));
    console.log('Wrote bench/RESULTS.md.');
  }
  return allMet(results) ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
