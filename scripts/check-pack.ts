/**
 * `npm run pack:check`, after `npm run build`: packs the package, looks at what is in it, installs it from the tarball
 * into an empty folder, and runs the command there as a user would. Leaves nothing behind.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const MINUTE = 60_000;

/** What may be in the package, and what must be. */
const ALLOWED = [
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/,
  /^dist\/cli\/(main\.cjs|program-[0-9a-f]{16}\.cjs(\.[\w.-]+)?)$/,
  /^dist\/[\w./-]+\.(js|d\.ts)$/,
  /^schema\/[\w.-]+\.json$/,
  /^templates\/[\w./@-]+$/,
  /^plugins\/[\w-]+\/README\.md$/,
  /^examples\/(README\.md|[\w-]+\/[\w./-]+)$/,
  /^docs\/[\w./-]+\.md$/,
];
const FORBIDDEN =
  /^(?!templates\/).*\.(test|spec)\.|(^|\/)(src|test|node_modules|bench)\/|\.tsx?$(?<!\.d\.ts)|\.tgz$|\.map$/;
const REQUIRED = [
  'package.json',
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
  'dist/cli/main.cjs',
  'dist/index.js',
  'dist/index.d.ts',
  'dist/plugin/index.js',
  'dist/plugin/index.d.ts',
  'schema/manifest.schema.json',
  'templates/completion.bash.hbs',
  'templates/systemd/vfio-compose@.service',
  'templates/plugin/reset/index.js.hbs',
  'templates/plugin/iommu/index.js.hbs',
  'docs/writing-a-reset-plugin.md',
];

/** What is wrong with a list of packed files, in sentences. */
export function faultsOf(files: readonly string[]): string[] {
  return [
    ...REQUIRED.filter((file) => !files.includes(file)).map((file) => `${file} is missing`),
    ...files.filter((file) => FORBIDDEN.test(file)).map((file) => `${file} must not be in the package`),
    ...files
      .filter((file) => !FORBIDDEN.test(file) && !ALLOWED.some((pattern) => pattern.test(file)))
      .map((file) => `${file} is not expected in the package`),
  ];
}

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}

function npm(cwd: string, ...args: string[]): string {
  return execFileSync('npm', [...args, '--loglevel=error', '--no-audit', '--no-fund', '--no-update-notifier'], {
    cwd,
    encoding: 'utf8',
    timeout: 5 * MINUTE,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

function pack(into: string): Packed {
  const [packed] = JSON.parse(npm(ROOT, 'pack', '--json', '--ignore-scripts', '--pack-destination', into)) as Packed[];
  if (!packed) throw new Error('npm pack made nothing');
  const faults = faultsOf(packed.files.map(({ path }) => path));
  if (faults.length > 0) throw new Error(faults.join('\n'));
  return packed;
}

/** Installs the tarball as somebody without the checkout would; koffi comes with it. */
function install(tarball: string, into: string): string {
  mkdirSync(into);
  writeFileSync(join(into, 'package.json'), '{ "name": "empty", "private": true }\n');
  npm(into, 'install', '--prefer-offline', '--omit=dev', tarball);
  return join(into, 'node_modules', '.bin', 'vfio-compose');
}

/** Runs the installed command far from the checkout, without the environment of this process. */
function run(bin: string, cwd: string, ...args: string[]): string {
  const env = { PATH: process.env['PATH'], HOME: cwd };
  return execFileSync(bin, args, {
    cwd,
    env,
    encoding: 'utf8',
    timeout: MINUTE,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

function expectOutput(what: string, output: string, pattern: RegExp): void {
  if (!pattern.test(output)) throw new Error(`${what} printed:\n${output}`);
  console.log(`ok ${what}`);
}

function tryOut(bin: string, folder: string): void {
  expectOutput('--version', run(bin, folder, '--version'), /^\d+\.\d+\.\d+\S*\n$/);
  expectOutput('--help', run(bin, folder, '--help'), /Usage: vfio-compose/);
  JSON.parse(run(bin, folder, 'schema'));
  console.log('ok schema');
  expectOutput('plugin list', run(bin, folder, 'plugin', 'list'), / built-in /);
  tryPlugin(bin, folder);
  expectOutput('completion bash', run(bin, folder, 'completion', 'bash'), /complete .*vfio-compose/);
  const examples = join(folder, 'node_modules', 'vfio-compose', 'examples');
  const names = readdirSync(examples).filter((name) => existsSync(join(examples, name, 'host.json')));
  if (names.length === 0) throw new Error('the package has no examples');
  for (const name of names) {
    const example = join(examples, name);
    const args = ['-f', join(example, 'vfio-compose.yaml'), '--host', join(example, 'host.json')];
    expectOutput(`plan of ${name}`, run(bin, folder, 'plan', ...args), /\S/);
  }
  // The native part must have come along: the library loads, without a kernel being asked for anything.
  const script = `import('koffi').then((koffi) => koffi.default.load('libc.so.6').func('int getpid()')())`;
  run(process.execPath, folder, '-e', script);
  console.log('ok koffi loads');
  const library = `Promise.all([import('vfio-compose'), import('vfio-compose/plugin')])`;
  run(process.execPath, folder, '-e', library);
  console.log('ok the library entries load');
}

/** A plugin of a user's, in a folder without node_modules of its own: what it imports is the installed vfio-compose's. */
function tryPlugin(bin: string, folder: string): void {
  const elsewhere = mkdtempSync(join(tmpdir(), 'vfio-compose-plugin-'));
  try {
    run(bin, elsewhere, 'plugin', 'new', 'reset', 'my-device', '--compatible', 'acme,device');
    expectOutput('plugin test', run(bin, elsewhere, 'plugin', 'test', './reset-my-device'), /^(\d+) of \1 checks/m);
    const installed = join(folder, 'node_modules', 'vfio-compose-plugin-reset-my-device');
    cpSync(join(elsewhere, 'reset-my-device'), installed, { recursive: true });
    expectOutput('plugin list of an installed plugin', run(bin, folder, 'plugin', 'list'), /my-device .* installed /);
    rmSync(installed, { recursive: true });
  } finally {
    rmSync(elsewhere, { recursive: true, force: true });
  }
}

function main(): void {
  const work = mkdtempSync(join(tmpdir(), 'vfio-compose-pack-'));
  try {
    const packed = pack(work);
    console.log(`ok ${packed.files.length} files, ${Math.round(packed.size / 1024)} KiB`);
    const folder = join(work, 'installed');
    tryOut(install(join(work, packed.filename), folder), folder);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

if (process.argv[1] === import.meta.filename) main();
