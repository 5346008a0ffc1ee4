/**
 * Builds the command `vfio-compose` into dist/cli:
 *
 * - `program-<digest>.cjs`: everything but koffi, as one function. Modules behind `import()` run only when asked for.
 * - `program-<digest>.cjs.<v8>-<architecture>`: V8's compiled code of it, warmed by `plan` of a PCI device and of a device
 *   tree.
 * - `main.cjs`: the bin, a few lines that start the program from its compiled code where V8 accepts it.
 *
 * The digest in the names makes it impossible to run one build's code with the compiled code of another: V8 itself
 * compares only the length of the source.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, type BuildOptions, type Plugin } from 'esbuild';
import { writeFdt } from '../src/devicetree/fdt/write-fdt.ts';
import { type SnapshotTree, treeIn } from '../src/model/index.ts';
import { packPlugins } from './pack-plugins.ts';
import { wrapProgram } from './wrap-program.ts';

// Not import.meta.dirname: tsup bundles its configuration, this file included, to a place of its own.
const ROOT = process.cwd();
const OUT = join(ROOT, 'dist', 'cli');

/**
 * What cosmiconfig's own loaders would need. We replace every one of them (they run or mangle what they read), so their
 * code has no business in a program that runs as root; TypeScript alone would be 6 MB.
 */
const NEVER_LOADED = ['typescript', 'js-yaml', 'parse-json', 'import-fresh'];

/** Node's own modules that a package requires as it loads and needs only for what we do not use: 3 ms of each start. */
const NEVER_USED: readonly { readonly by: RegExp; readonly name: string }[] = [
  // To run subcommands that are programs of their own.
  { by: /\/node_modules\/commander\//, name: 'child_process' },
];

const leaveOut: Plugin = {
  name: 'leave-out',
  setup(on) {
    const names = new RegExp(`^(${NEVER_LOADED.join('|')})$`);
    on.onResolve({ filter: names }, ({ path }) => ({ path, namespace: 'left-out' }));
    on.onResolve({ filter: /^(node:)?\w+$/ }, ({ path, importer }) => {
      const name = path.replace(/^node:/, '');
      if (!NEVER_USED.some((entry) => entry.name === name && entry.by.test(importer))) return undefined;
      return { path: name, namespace: 'unused' };
    });
    on.onLoad({ filter: /.*/, namespace: 'unused' }, () => ({ contents: 'module.exports = {};' }));
    on.onLoad({ filter: /.*/, namespace: 'left-out' }, ({ path }) => ({
      contents: `throw new Error(${JSON.stringify(`${path} is not part of vfio-compose`)});`,
    }));
  },
};

/**
 * Functions have to run four times as much as usual before V8 optimizes them. What a command runs through once is over
 * before that pays: with the usual budget half of the processor time of a `plan` goes into code that is hardly used.
 */
const V8_FLAGS = v8Knows('interrupt-budget') ? '--interrupt-budget=300000' : '';

/** V8 drops flags and renames them: that of Node 22 and later has other names for this one. */
function v8Knows(flag: string): boolean {
  const { stdout } = spawnSync(process.execPath, ['--v8-options'], { encoding: 'utf8' });
  return stdout.includes(`\n  --${flag} (`);
}

const common = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  charset: 'ascii',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  external: ['koffi'],
  logLevel: 'warning',
  write: false,
  // A CommonJS file has no import.meta; what the sources find from it stands below dist/cli as it does below src/cli.
  define: { 'import.meta.dirname': '__dirname', 'import.meta.filename': '__filename' },
} satisfies BuildOptions;

/** Builds dist/cli. Throws where esbuild fails or warns, and where the warming run fails. */
export async function buildBin(): Promise<void> {
  mkdirSync(OUT, { recursive: true });
  const program = wrapProgram(await bundle('src/cli/main.ts'));
  const digest = createHash('sha256').update(program).digest('hex').slice(0, 16);
  const name = `program-${digest}.cjs`;
  writeFileSync(join(OUT, name), program);

  const launcher = await bundle('src/cli/launcher.ts', {
    PROGRAM: JSON.stringify(name),
    V8_FLAGS: JSON.stringify(V8_FLAGS),
  });
  const bin = join(OUT, 'main.cjs');
  writeFileSync(bin, `#!/usr/bin/env node\n${launcher}`);
  chmodSync(bin, 0o755);
  compileAhead(join(OUT, name));
}

async function bundle(entry: string, define: Record<string, string> = {}): Promise<string> {
  const result = await build({
    ...common,
    entryPoints: [entry],
    define: { ...common.define, ...define },
    plugins: [leaveOut, packPlugins(ROOT)],
  });
  if (result.warnings.length > 0) throw new Error(`esbuild warned about ${entry}; see above`);
  const [file] = result.outputFiles;
  if (!file) throw new Error(`esbuild made nothing of ${entry}`);
  return file.text.replace(/^#!.*\n/, '');
}

/** Compiles the program in a Node of its own, which makes plans first: the code of what ran is part of the result. */
function compileAhead(program: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'vfio-compose-build-'));
  try {
    const script = join(ROOT, 'scripts', 'compile-ahead.cjs');
    const run = spawnSync(process.execPath, [script, program, V8_FLAGS, JSON.stringify(warmingRuns(folder))], {
      env: { PATH: process.env['PATH'] },
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
      timeout: 60_000,
    });
    if (run.status !== 0) throw new Error(`compiling ahead failed:\n${run.stderr}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The command lines that warm: a plan for a PCI device, and one for a blob, which is written into `folder`. */
function warmingRuns(folder: string): readonly (readonly string[])[] {
  const example = (name: string, file: string) => join(ROOT, 'examples', name, file);
  const { deviceTree } = JSON.parse(readFileSync(example('amd-seattle', 'host.json'), 'utf8')) as {
    deviceTree: SnapshotTree;
  };
  const blob = join(folder, 'host.dtb');
  writeFileSync(blob, writeFdt(treeIn(deviceTree)));
  return [
    ['plan', '-f', example('one-nic', 'vfio-compose.yaml'), '--host', example('one-nic', 'host.json')],
    ['plan', '-f', example('amd-seattle', 'vfio-compose.yaml'), '--dtb', blob],
  ];
}
