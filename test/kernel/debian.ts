import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cached } from './cache.ts';
import { run } from './shell.ts';

export type Architecture = 'amd64' | 'arm64';
/** With the one whose packages are only looked into and carried: no machine boots Debian's kernel for it. */
export type PackageArchitecture = Architecture | 'armhf';

/** The outside's architecture. */
export function ownArchitecture(): Architecture {
  return process.arch === 'arm64' ? 'arm64' : 'amd64';
}

/** Where Debian's installers write the distribution's own sources: the deb822 file since Debian 12, the list before. */
const SOURCES = '/etc/apt/sources.list.d/debian.sources';
const SOURCES_BEFORE = '/etc/apt/sources.list';

/**
 * An apt of its own for one architecture: own lists, own cache, an empty `status`.
 * The machine's apt is neither changed (no `dpkg --add-architecture`, nothing installed) nor asked what is installed, so
 * an unprivileged user can do this, and the closure of a package is complete instead of "what is missing here". Only the
 * machine's distribution sources are read: other repositories on it need not carry the architecture.
 */
async function aptState(architecture: PackageArchitecture): Promise<readonly string[]> {
  const state = await cached(`apt-${architecture}`, async (folder) => {
    const sources = path.join(folder, 'sources');
    await mkdir(path.join(folder, 'lists', 'partial'), { recursive: true });
    await mkdir(path.join(folder, 'cache', 'archives', 'partial'), { recursive: true });
    await mkdir(sources);
    if (existsSync(SOURCES)) await copyFile(SOURCES, path.join(sources, 'debian.sources'));
    else await copyFile(SOURCES_BEFORE, path.join(sources, 'debian.list'));
    await updateLists(folder, architecture);
  });
  return aptOptions(state, architecture);
}

/**
 * Fetches the lists of packages. A mirror in the middle of its own update has one list that does not match its release
 * file, for hours at times: that list is left out, and whoever asks for a package that stood only there is told so then.
 */
async function updateLists(state: string, architecture: PackageArchitecture): Promise<void> {
  const update = ['apt-get', [...aptOptions(state, architecture), '-qq', 'update']] as const;
  await run(...update).catch(async (error: unknown) => {
    const lists = await readdir(path.join(state, 'lists'));
    if (!lists.some((name) => name.includes('_Packages'))) throw error;
    console.warn(`# ${String(error)}`);
  });
}

function aptOptions(state: string, architecture: PackageArchitecture): readonly string[] {
  const settings = {
    'APT::Architecture': architecture,
    'APT::Architectures': architecture,
    'APT::Sandbox::User': '',
    'Dir::Etc::sourcelist': '/dev/null',
    'Dir::Etc::sourceparts': path.join(state, 'sources'),
    'Dir::State::Lists': path.join(state, 'lists'),
    'Dir::State::status': '/dev/null',
    'Dir::Cache': path.join(state, 'cache'),
    'Debug::NoLocking': 'true',
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
}

/** Downloads packages by name and unpacks them into `folder`, without installing: no maintainer script runs. */
export async function unpackPackages(
  names: readonly string[],
  architecture: PackageArchitecture,
  folder: string,
): Promise<void> {
  const apt = await aptState(architecture);
  const archives = path.join(folder, '.archives');
  await mkdir(archives, { recursive: true });
  const download = (): Promise<string> => run('apt-get', [...apt, '-qq', 'download', ...names], { cwd: archives });
  await download().catch(async () => {
    // The lists in the cache are as old as the cache; mirrors drop a version once a newer one is there.
    await run('apt-get', [...apt, '-qq', 'update']);
    await download();
  });
  for (const archive of (await readdir(archives)).sort()) {
    await run('dpkg-deb', ['--extract', path.join(archives, archive), folder]);
  }
  await rm(archives, { recursive: true });
}

/** The packages whose names begin so. */
export async function packagesCalled(prefix: string, architecture: PackageArchitecture): Promise<readonly string[]> {
  return (await run('apt-cache', [...(await aptState(architecture)), 'pkgnames', prefix])).split('\n').filter(Boolean);
}

/** A package with everything it needs to run, as apt's own resolver sees it. */
export async function closureOf(names: readonly string[], architecture: Architecture): Promise<readonly string[]> {
  const apt = await aptState(architecture);
  const simulated = await run('apt-get', [...apt, '-s', '--no-install-recommends', 'install', ...names]);
  return [...simulated.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name ?? '').filter(Boolean);
}

/** A kernel as it is in a Debian package: the image and the tree that `modprobe -d` reads. */
export interface DebianKernel {
  readonly release: string;
  readonly image: string;
  /** Holds `lib/modules/<release>`. */
  readonly moduleBase: string;
}

/**
 * The package of the distribution's current kernel of a flavour.
 * `linux-image-<flavour>` is a meta package whose one dependency is the kernel of the day, which keeps a version out of
 * this repository.
 */
export async function kernelPackage(flavour: string, architecture: PackageArchitecture): Promise<string> {
  const apt = await aptState(architecture);
  const meta = `linux-image-${flavour}`;
  const depends = await run('apt-cache', [...apt, 'depends', '--important', meta]);
  const name = /Depends: (linux-image-\S+)/.exec(depends)?.[1];
  if (!name) throw new Error(`${meta} names no kernel:\n${depends}`);
  return name;
}

/** The distribution's current kernel for an architecture. */
export async function debianKernel(architecture: Architecture): Promise<DebianKernel> {
  const base = await cached(`kernel-${architecture}`, async (folder) => {
    const name = await kernelPackage(architecture, architecture);
    await unpackPackages([name], architecture, folder);
    const release = await releaseIn(folder);
    await writeFile(path.join(folder, 'PACKAGE'), `${name}\n`);
    await run('/sbin/depmod', ['-b', folder, release]);
  });
  const release = await releaseIn(base);
  return { release, image: path.join(base, 'boot', `vmlinuz-${release}`), moduleBase: base };
}

async function releaseIn(folder: string): Promise<string> {
  const releases = await readdir(path.join(folder, 'lib', 'modules'));
  const [release] = releases;
  if (release === undefined || releases.length !== 1) throw new Error(`${folder} holds ${releases.length} kernels`);
  return release;
}
