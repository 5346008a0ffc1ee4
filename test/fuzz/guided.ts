/**
 * The loop of coverage-guided fuzzing, in a process of its own: run.ts starts it and ends it where it does not answer. Told
 * what to do by its arguments: TARGET SECONDS SEED FOLDER.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { Coverage } from './coverage.ts';
import { mutated } from './mutations.ts';
import { shortest } from './shortest.ts';
import type { FuzzTarget } from './target.ts';

/** Bytes of an input that is kept: large ones cost time and find nothing else. */
const LONGEST = 128 * 1024;
/** Inputs that are made from the same one before another is chosen. */
const BATCH = 8;

/** The exit status where something was found; any other but 0 is an end that nobody wanted. */
const FOUND = 10;

const [name = '', seconds = '60', seed = '1', folder = ''] = process.argv.slice(2);

async function loop({ seeds, run }: FuzzTarget, coverage: Coverage): Promise<void> {
  const kept = join(folder, 'corpus');
  mkdirSync(kept, { recursive: true });
  const corpus: Uint8Array[] = [];
  const findings = new Map<string, Uint8Array>();
  let runs = 0;

  const give = async (data: Uint8Array): Promise<void> => {
    // Where this process does not survive it, the one that started it finds the input here.
    writeFileSync(join(folder, 'current'), data);
    process.send?.({ runs: ++runs });
    const message = await faultOf(run, data);
    if (message !== undefined) findings.set(message, findings.get(message) ?? data);
    else if (coverage.take() > 0 && data.length <= LONGEST) {
      corpus.push(data);
      writeFileSync(join(kept, nameOf(data)), data);
    }
  };

  for (const data of await seeds()) await give(data);
  for (const file of readdirSync(kept)) await give(readFileSync(join(kept, file)));
  const afterSeeds = coverage.size;
  const end = Date.now() + Number(seconds) * 1000;
  for (let round = Number(seed); Date.now() < end; round++) {
    // What was found last is tried most: it leads to where nothing has been.
    const [one = new Uint8Array(), other = one] = fc.sample(lately(corpus), { numRuns: 2, seed: round });
    const inputs = fc.sample(mutated([one, spliced(one, other, round)]), { numRuns: BATCH, seed: round });
    for (const input of inputs) if (Date.now() < end) await give(input);
  }

  for (const [message, data] of findings) {
    const least = await shortest(data, async (less) => (await faultOf(run, less)) === message);
    const file = join(folder, `finding-${nameOf(least)}`);
    writeFileSync(file, least);
    console.log(`FINDING ${file} (${least.length} bytes)\n  ${message}`);
  }
  console.log(
    `${name}: ${runs} inputs, ${corpus.length} kept, ${coverage.size} pieces of the sources ran (${afterSeeds} with the corpus that it began with), ${findings.size} findings`,
  );
  process.exitCode = findings.size > 0 ? FOUND : 0;
}

/** What an input breaks, in words that are the same for the same fault; undefined where nothing is broken. */
async function faultOf(run: FuzzTarget['run'], data: Uint8Array): Promise<string | undefined> {
  try {
    await run(data);
    return undefined;
  } catch (error) {
    if (!(error instanceof Error)) return String(error);
    const place = /\((?:file:\/\/)?[^()]*\/((?:src|plugins|test)\/[^()]*)\)/.exec(error.stack ?? '')?.[1] ?? '';
    return `${error.name}: ${error.message.slice(0, 80)} at ${place}`;
  }
}

const nameOf = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex').slice(0, 16);

const lately = (corpus: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> =>
  fc.oneof(fc.constantFrom(...corpus), fc.constantFrom(...corpus.slice(-20)));

/** The beginning of one and the end of another. */
function spliced(one: Uint8Array, other: Uint8Array, at: number): Uint8Array {
  const to = one.length === 0 ? 0 : (at * 7919) % one.length;
  const from = other.length === 0 ? 0 : (at * 104_729) % other.length;
  return Uint8Array.from([...one.subarray(0, to), ...other.subarray(from)]);
}

// Before anything else is loaded: V8 counts the blocks of what is compiled from here on.
const coverage = new Coverage((url) => /\/(src|plugins)\/(?!testing\/).*\.ts$/.test(url.split('?')[0] ?? ''));
const { targets } = await import('./targets/index.ts');
const target = targets.find((each) => each.name === name);
if (!target) throw new Error(`there is no target ${name}`);
await loop(target, coverage);
