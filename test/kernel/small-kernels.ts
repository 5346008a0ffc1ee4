import { readFileSync } from 'node:fs';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cached, digestOf, isCached } from './cache.ts';
import { ownArchitecture, packagesCalled, unpackPackages } from './debian.ts';
import { run } from './shell.ts';

interface Recipe {
  /** What the kernel's build calls the architecture. */
  readonly arch: string;
  readonly crossCompile: string;
  /** Where the build leaves the image, below arch/<arch>/boot. */
  readonly target: string;
  /** Its name in a folder of ready kernels, and in the cache. */
  readonly image: string;
  readonly configs: readonly string[];
  /** A tree that the board needs and QEMU does not make. */
  readonly board: string | undefined;
}

/** The kernels that are built here: Debian's leave out VFIO for platform devices and the mode without an IOMMU. */
export const SMALL_KERNELS = {
  'small-arm64': {
    arch: 'arm64',
    crossCompile: 'aarch64-linux-gnu-',
    target: 'Image',
    image: 'arm64-Image',
    configs: ['common.config', 'arm64.config'],
    board: undefined,
  },
  'small-midway': {
    arch: 'arm',
    crossCompile: 'arm-linux-gnueabihf-',
    target: 'zImage',
    image: 'midway-zImage',
    configs: ['common.config', 'midway.config'],
    board: 'ecx-2000.dtb',
  },
} as const satisfies Readonly<Record<string, Recipe>>;

export type SmallKernel = keyof typeof SMALL_KERNELS;

const CONFIGS = path.join(path.dirname(fileURLToPath(import.meta.url)), 'kernels');

/** One at a time: each build takes every processor there is. */
let last: Promise<unknown> = Promise.resolve();

/**
 * The folder of a built kernel: the image, and its `release`.
 * Minutes where it is not in the cache. A changed fragment of the configuration makes a new one.
 */
export function kernelFromSource(name: SmallKernel): Promise<string> {
  const recipe: Recipe = SMALL_KERNELS[name];
  return cached(entryOf(name), async (folder) => {
    const turn = last.then(() => build(recipe, fragmentsOf(recipe).join('\n'), folder));
    last = turn.catch(() => undefined);
    await turn;
  });
}

/** Whether a kernel is in the cache, so that nothing is needed to build it. */
export const isBuilt = (name: SmallKernel): boolean => isCached(entryOf(name));

const entryOf = (name: SmallKernel): string => `${name}-${digestOf(...fragmentsOf(SMALL_KERNELS[name]))}`;

const fragmentsOf = ({ configs }: Recipe): readonly string[] =>
  configs.map((file) => readFileSync(path.join(CONFIGS, file), 'utf8'));

async function build(recipe: Recipe, config: string, folder: string): Promise<void> {
  const output = path.join(folder, 'build');
  await mkdir(output);
  const source = await kernelSource();
  const make = (...goals: readonly string[]): Promise<string> =>
    run('make', [
      ...['-s', '-C', source, `O=${output}`, `-j${availableParallelism()}`],
      ...[`ARCH=${recipe.arch}`, ...crossCompile(recipe), ...goals],
    ]);
  await make('tinyconfig');
  const merged = path.join(output, '.config');
  await writeFile(merged, `${await readFile(merged, 'utf8')}\n${config}`);
  await make('olddefconfig');
  checkConfig(config, await readFile(merged, 'utf8'));
  await make(recipe.target);
  await copyFile(path.join(output, 'arch', recipe.arch, 'boot', recipe.target), path.join(folder, recipe.image));
  await writeFile(path.join(folder, 'release'), await make('kernelrelease'));
  await rm(output, { recursive: true });
}

const crossCompile = ({ arch, crossCompile: prefix }: Recipe): readonly string[] =>
  arch === ownArchitecture() ? [] : [`CROSS_COMPILE=${prefix}`];

/** `olddefconfig` drops without a word what it does not know or what lacks a dependency. */
function checkConfig(wanted: string, got: string): void {
  const lines = new Set(got.split('\n'));
  const missing = wanted.split('\n').filter((line) => /^CONFIG_\w+=y$/.test(line) && !lines.has(line));
  if (missing.length > 0) throw new Error(`the kernel's configuration lacks ${missing.join(' ')}`);
}

/** The kernel's source as Debian packages it, unpacked. */
function kernelSource(): Promise<string> {
  return cached('linux-source', async (folder) => {
    const packaged = path.join(folder, 'package');
    await unpackPackages([await sourcePackage()], ownArchitecture(), packaged);
    const [archive] = (await run('find', [packaged, '-name', 'linux-source-*.tar.xz'])).trim().split('\n');
    if (!archive) throw new Error('the package of the kernel source holds no archive');
    await run('tar', ['-xJf', archive, '-C', folder, '--strip-components=1', '--no-same-owner']);
    await rm(packaged, { recursive: true });
  });
}

/** The series that these kernels were tried with where the release has it, else its newest. */
async function sourcePackage(): Promise<string> {
  const versions = (await packagesCalled('linux-source-', ownArchitecture()))
    .map((name) => /^linux-source-(\d+)\.(\d+)$/.exec(name))
    .flatMap((found) => (found ? [{ name: found[0], order: Number(found[1]) * 1000 + Number(found[2]) }] : []))
    .sort((a, b) => b.order - a.order);
  const best = versions.find(({ name }) => name === 'linux-source-6.12') ?? versions[0];
  if (!best) throw new Error('apt has no package of the kernel source');
  return best.name;
}
