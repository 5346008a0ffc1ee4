/**
 * `vfio-compose inspect` against dpdk-devbind and driverctl, on one generated host of 512 PCI functions in one run. The
 * generated tree takes the place of /sys in a mount namespace of its own. `npx tsx bench/inspect.ts` prints the result.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeHostTree } from '../src/testing/host-tree.ts';
import type { BenchResult, BenchRow } from './result.ts';
import { largeHost } from './sysfs-tree.ts';

const FUNCTIONS = 512;
const ROUNDS = 9;
const LIMIT_MS = 300;
const ROOT = join(import.meta.dirname, '..');
const BUNDLE = join(ROOT, 'dist', 'cli', 'main.cjs');

interface Contender {
  readonly name: string;
  readonly command: readonly string[];
}

const node = process.execPath;
const OURS: Contender = existsSync(BUNDLE)
  ? { name: 'vfio-compose inspect', command: [node, BUNDLE, 'inspect'] }
  : {
      name: 'vfio-compose inspect (not built, through tsx)',
      command: [node, '--import', 'tsx', join(ROOT, 'src/cli/main.ts'), 'inspect'],
    };
const PEERS: readonly Contender[] = [
  { name: 'dpdk-devbind.py --status-dev net', command: ['dpdk-devbind.py', '--status-dev', 'net'] },
  { name: 'driverctl list-devices', command: ['driverctl', 'list-devices'] },
];
const START: Contender = { name: 'node -e 0', command: [node, '-e', '0'] };

/** Measures, or says why it cannot. Needs Linux and the right to make a mount namespace. */
export async function run(): Promise<BenchResult> {
  const result = {
    name: `inspect of ${FUNCTIONS} PCI functions`,
    method: `wall time of the whole process, median of ${ROUNDS} interleaved runs on one generated /sys`,
    peers: [versionOf('dpdk'), versionOf('driverctl')],
  };
  const folder = mkdtempSync(join(tmpdir(), 'vfio-compose-bench-'));
  try {
    writeHostTree(folder, largeHost(FUNCTIONS));
    const space = process.getuid?.() === 0 ? ['-m'] : ['-rm'];
    const inside = [node, '--import', 'tsx', import.meta.filename, '--inside', folder];
    const { status, stdout, stderr } = spawnSync('unshare', [...space, ...inside], { encoding: 'utf8', cwd: ROOT });
    if (status !== 0) return { ...result, rows: [], skipped: `no mount namespace: ${stderr?.trim() || 'no unshare'}` };
    return { ...result, rows: rowsOf(JSON.parse(stdout) as Record<string, number>) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function rowsOf(medians: Readonly<Record<string, number>>): BenchRow[] {
  const ours = medians[OURS.name];
  if (ours === undefined) throw new Error(`${OURS.name} failed: ${OURS.command.join(' ')}`);
  const rows: BenchRow[] = [];
  for (const { name } of [START, OURS, ...PEERS]) {
    const value = medians[name];
    if (value === undefined) {
      rows.push({ what: `${name}: NOT RUN, it failed or is not installed`, value: NaN, unit: 'ms', met: false });
      continue;
    }
    rows.push({
      what: name,
      value,
      unit: 'ms',
      ...(name === OURS.name ? limit(value <= LIMIT_MS, `at most ${LIMIT_MS} ms`) : {}),
    });
    if (name === START.name || name === OURS.name) continue;
    rows.push({
      what: `ours against ${name}`,
      value: ours / value,
      unit: 'x',
      ...limit(ours < value, 'less than 1 x'),
    });
  }
  return rows;
}

const limit = (met: boolean, text: string) => ({ limit: text, met });

function versionOf(debianPackage: string): string {
  const { stdout, status } = spawnSync('dpkg-query', ['-W', '-f', '${Package} ${Version}', debianPackage], {
    encoding: 'utf8',
  });
  return status === 0 && stdout ? stdout : `${debianPackage} (version unknown)`;
}

/** Runs in the namespace: puts the tree in the place of /sys and prints the medians in milliseconds. */
function measure(folder: string): void {
  const mounted = spawnSync('mount', ['--bind', `${folder}/sys`, '/sys'], { encoding: 'utf8' });
  if (mounted.status !== 0) throw new Error(`mount: ${mounted.stderr}`);
  const times = new Map<string, number[]>();
  for (let round = 0; round < ROUNDS + 1; round++) {
    for (const { name, command } of [START, OURS, ...PEERS]) {
      const [program = '', ...args] = command;
      const start = process.hrtime.bigint();
      const { status, error, stdout } = spawnSync(program, args, {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const took = Number(process.hrtime.bigint() - start) / 1e6;
      // A program that is missing or fails at once would look fast.
      const shows = name === START.name || stdout?.includes('0000:01:00.0');
      if (error || status !== 0 || !shows) continue;
      // The first round fills caches.
      if (round > 0) times.set(name, [...(times.get(name) ?? []), took]);
    }
  }
  const medians = [...times].map(([name, list]) => [name, list.sort((a, b) => a - b)[list.length >> 1]]);
  process.stdout.write(JSON.stringify(Object.fromEntries(medians)));
}

if (process.argv[1] === import.meta.filename) {
  const [flag, folder] = process.argv.slice(2);
  if (flag === '--inside' && folder !== undefined) measure(folder);
  else console.log(await run());
}
