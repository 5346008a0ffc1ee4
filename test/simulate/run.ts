import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Run, simulate } from './simulate.ts';

/** How many seeds a run of the whole takes. */
const SEEDS = 20_000;

/** How many lines of the trace are shown of a run in which something was violated. */
const SHOWN = 40;

/** What tells a process that it is one of several. */
const SHARE = 'share';

/** The seeds of one process: every `step`-th from `from` on, below `end`. */
interface Share {
  readonly from: number;
  readonly step: number;
  readonly end: number;
  readonly verbose: boolean;
}

/** What a process says of its share. */
interface Tally {
  readonly runs: number;
  readonly broken: readonly number[];
  readonly outcomes: ReadonlyMap<string, number>;
}

/** The whole trace, or its end where that is enough to see what happened. */
function show({ seed, violations, trace }: Run, verbose: boolean): string {
  const lines = verbose ? trace : trace.slice(-SHOWN);
  const head = violations.length > 0 ? `seed ${seed}: ${violations.join('; ')}` : `seed ${seed}: all laws held`;
  return [head, ...lines.map((line) => `  ${line}`), `again: npm run simulate -- --seed ${seed} --verbose`].join('\n');
}

async function take({ from, step, end, verbose }: Share): Promise<Tally> {
  const outcomes = new Map<string, number>();
  const broken: number[] = [];
  let runs = 0;
  for (let seed = from; seed < end; seed += step) {
    const run = await simulate(seed);
    runs += 1;
    for (const [what, times] of run.outcomes) outcomes.set(what, (outcomes.get(what) ?? 0) + times);
    if (run.violations.length > 0) broken.push(seed);
    if (run.violations.length > 0 || verbose) console.log(show(run, verbose));
  }
  return { runs, broken, outcomes };
}

/** A process for each share: what TypeScript is run with, a process inherits, and a thread does not. */
const inProcess = (share: Share): Promise<Tally> =>
  new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), [SHARE, JSON.stringify(share)], { serialization: 'advanced' });
    child.once('message', (tally) => resolve(tally as Tally));
    child.once('error', reject);
    child.once('exit', (status) => reject(new Error(`a process of the simulation ended with ${status}`)));
  });

interface Options {
  readonly first: number;
  readonly count: number;
  readonly verbose: boolean;
}

/** What the command line asks for; undefined where it makes no sense. */
function readOptions(): Options | undefined {
  const options = { seed: { type: 'string' }, seeds: { type: 'string' }, verbose: { type: 'boolean' } } as const;
  try {
    const { seed, seeds, verbose = false } = parseArgs({ options }).values;
    const first = Number(seed ?? 1);
    const count = Number(seeds ?? (seed === undefined ? SEEDS : 1));
    const makeSense = Number.isSafeInteger(first) && Number.isSafeInteger(count) && first >= 0 && count >= 1;
    return makeSense ? { first, count, verbose } : undefined;
  } catch {
    return undefined;
  }
}

async function main(): Promise<void> {
  const options = readOptions();
  if (!options) {
    console.error('usage: npm run simulate -- [--seed N, from 0 on] [--seeds COUNT, from there] [--verbose]');
    process.exitCode = 2;
    return;
  }
  const { first, count, verbose } = options;
  const step = Math.min(count, availableParallelism());
  const shares = Array.from({ length: step }, (_, i) => ({
    from: first + i,
    step,
    end: first + count,
    verbose,
  }));
  const tallies = await (step === 1 ? Promise.all(shares.map(take)) : Promise.all(shares.map(inProcess)));
  const outcomes = new Map<string, number>();
  for (const tally of tallies) {
    for (const [what, times] of tally.outcomes) outcomes.set(what, (outcomes.get(what) ?? 0) + times);
  }
  for (const [what, times] of [...outcomes].sort(([, a], [, b]) => b - a))
    console.log(`${String(times).padStart(8)} ${what}`);
  const broken = tallies.flatMap((tally) => tally.broken).sort((a, b) => a - b);
  if (broken.length > 0) console.log(`broken: ${broken.join(' ')}`);
  console.log(`${count - broken.length} passed, ${broken.length} failed`);
  if (broken.length > 0) process.exitCode = 1;
}

const [, , kind, text] = process.argv;
if (kind === SHARE && text !== undefined) process.send?.(await take(JSON.parse(text) as Share));
else await main();
