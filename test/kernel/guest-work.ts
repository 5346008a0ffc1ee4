import { copyFile, constants, cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';
import { packPlugins } from '../../scripts/pack-plugins.ts';
import { ownArchitecture, type PackageArchitecture } from './debian.ts';
import { busybox } from './guest-root.ts';
import type { ExampleFacts } from './examples.ts';
import { COMPILED } from './guest-paths.ts';
import { layPackages, nativeKoffi } from './npm-package.ts';
import { run } from './shell.ts';

/** What the guest is told to do; it reads this from its work folder. */
export interface Job {
  readonly machine: string;
  readonly scenarios: readonly string[];
  /** The example that the machine was made for; its folder is `example` in the work folder. */
  readonly example?: ExampleFacts;
}

export interface WorkOptions {
  readonly checkout: string;
  readonly harness: string;
  readonly architecture: PackageArchitecture;
  readonly node: string;
  readonly job: Job;
  /** Folder with the installed command, or nothing where only the kernel itself is talked to. */
  readonly installed: string | undefined;
}

/**
 * Fills the folder that a guest sees as its work folder: Node, the bundled scenarios, koffi, the installed command.
 * The guest depends on nothing else of the outside, so the checkout may lie anywhere, even below a folder that the guest
 * hides behind a tmpfs.
 */
export async function fillWorkFolder(folder: string, options: WorkOptions): Promise<void> {
  const bin = path.join(folder, 'bin');
  const modules = path.join(folder, 'node_modules');
  await mkdir(bin, { recursive: true });
  await mkdir(path.join(folder, COMPILED));
  await copyFile(options.node, path.join(bin, 'node'), constants.COPYFILE_FICLONE);
  // The outside may have none, and the scenarios need a few small network tools.
  await copyFile(await busybox(options.architecture), path.join(bin, 'busybox'), constants.COPYFILE_FICLONE);
  const native = nativeKoffi(options.architecture);
  if (options.installed === undefined) {
    await mkdir(modules);
    await layPackages(options.checkout, modules, ['koffi', native]);
  } else {
    await cp(path.join(options.installed, 'node_modules'), modules, { recursive: true, verbatimSymlinks: true });
    // Where the guest is like the outside, npm has brought the native part; laying it here would hide that it had not.
    if (options.architecture !== ownArchitecture()) {
      await rm(path.join(modules, nativeKoffi(ownArchitecture())), { recursive: true, force: true });
      await layPackages(options.checkout, modules, [native]);
    }
  }
  if (options.job.example) {
    const { name } = options.job.example;
    await cp(path.join(options.checkout, 'examples', name), path.join(folder, 'example'), { recursive: true });
  }
  await bundleGuest(options.checkout, 'main.ts', path.join(folder, 'guest.cjs'));
  await bundleGuest(options.checkout, 'project-child.ts', path.join(folder, 'project-child.cjs'));
  // By these the runtime in the scenarios knows the folder of its package, from which plugins are named.
  await copyFile(path.join(options.checkout, 'package.json'), path.join(folder, 'package.json'));
  await mkdir(path.join(folder, 'templates'));
  await compilePrograms(path.join(options.harness, 'guest'), bin, options.architecture);
  await writeFile(path.join(folder, 'job.json'), JSON.stringify(options.job));
}

async function bundleGuest(checkout: string, source: string, outfile: string): Promise<void> {
  await build({
    entryPoints: [path.join(checkout, 'test/kernel/guest', source)],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    external: ['koffi'],
    plugins: [packPlugins(checkout)],
    // A CommonJS file has no import.meta; nothing that the guest runs looks for its own place.
    define: { 'import.meta.dirname': '__dirname', 'import.meta.filename': '__filename' },
    sourcemap: 'inline',
    logLevel: 'warning',
  });
}

/** Static programs, since the guest's C library is not the compiler's. */
async function compilePrograms(sources: string, bin: string, architecture: PackageArchitecture): Promise<void> {
  const compiler = await compilerFor(architecture);
  if (compiler === undefined) return;
  for (const source of (await readdir(sources)).filter((name) => name.endsWith('.c'))) {
    const program = path.join(bin, source.replace(/\.c$/, ''));
    await run(compiler, ['-O2', '-Wall', '-Werror', '-static', '-o', program, path.join(sources, source)]);
  }
}

/** A carried guest measures nothing. */
const TRIPLET = { amd64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu', armhf: undefined } as const satisfies Record<
  PackageArchitecture,
  string | undefined
>;

/** The compiler whose output runs in the guest; a machine without it, or without its static C library, leaves the C programs out. */
export async function compilerFor(architecture: PackageArchitecture): Promise<string | undefined> {
  const triplet = TRIPLET[architecture];
  if (triplet === undefined) return undefined;
  const compiler = architecture === ownArchitecture() ? 'gcc' : `${triplet}-gcc`;
  // Only the name comes back where there is no such file.
  const library = await run(compiler, ['-print-file-name=libc.a']).catch(() => '');
  return path.isAbsolute(library.trim()) ? compiler : undefined;
}

/**
 * Installs the command the way a user gets it: built, packed, installed from the tarball into an empty folder.
 * What only works inside the checkout (an undeclared dependency, a file missing from `files`) fails here.
 */
export async function installCommand(checkout: string, folder: string): Promise<string> {
  await run('npm', ['run', '--silent', 'build'], { cwd: checkout });
  await mkdir(folder, { recursive: true });
  const told = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: checkout,
  });
  const [packed] = JSON.parse(told) as { filename: string }[];
  if (!packed) throw new Error('npm pack made nothing');
  await writeFile(path.join(folder, 'package.json'), '{ "private": true }\n');
  await run(
    'npm',
    ['install', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error', `./${packed.filename}`],
    { cwd: folder },
  );
  return folder;
}
