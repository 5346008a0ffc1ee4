/**
 * Coverage-guided fuzzing: `npm run fuzz -- TARGET [--seconds N] [--seed N]`, or `all`. What is mutated begins with the examples
 * and is kept in .cache/fuzz/TARGET/corpus, so that the next run goes on from there. An input that breaks a promise is made
 * as short as possible and left beside it; `--input FILE` gives it again.
 */
import { fork } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { targets } from './targets/index.ts';

/** The exit status of guided.ts where it wrote findings. */
const FOUND = 10;
/** An input that takes longer is a finding, in milliseconds. Loading the sources takes some of it. */
const SLOWEST_MS = 60_000;

/** Runs the loop for one target, and ends it where an input does not end. The exit status: 0 where nothing was found. */
function guided(name: string, seconds: string, seed: string): Promise<number> {
  const folder = join(process.cwd(), '.cache/fuzz', name);
  mkdirSync(folder, { recursive: true });
  const child = fork(join(import.meta.dirname, 'guided.ts'), [name, seconds, seed, folder], { stdio: 'inherit' });
  const lost = (why: string): void => {
    const finding = join(folder, 'finding-lost');
    copyFileSync(join(folder, 'current'), finding);
    console.log(`FINDING ${finding}\n  ${why}`);
  };
  return new Promise((resolve) => {
    const hangs = () => {
      lost(`it does not end within ${SLOWEST_MS / 1000} s`);
      child.kill('SIGKILL');
    };
    let timer = setTimeout(hangs, SLOWEST_MS);
    child.on('message', () => {
      clearTimeout(timer);
      timer = setTimeout(hangs, SLOWEST_MS);
    });
    child.on('exit', (status, signal) => {
      clearTimeout(timer);
      // Out of memory ends a process by a signal or by a status that only V8 gives.
      if (status !== 0 && status !== FOUND && signal !== 'SIGKILL') lost(`it ended its process (${signal ?? status})`);
      resolve(status ?? 1);
    });
  });
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    input: { type: 'string' },
  },
});
const [wanted = ''] = positionals;
const chosen = targets.filter(({ name }) => wanted === 'all' || name === wanted);
if (chosen.length === 0) {
  const names = targets.map(({ name }) => name).join(', ');
  console.error(`npm run fuzz -- TARGET [--seconds N] [--seed N] [--input FILE]; TARGET is ${names}, or all`);
  process.exit(64);
}
let worst = 0;
for (const { name, run } of chosen) {
  if (values.input !== undefined) await run(readFileSync(values.input));
  else worst = Math.max(worst, await guided(name, values.seconds, values.seed));
}
process.exitCode = worst;
