import { existsSync } from 'node:fs';
import { copyFile, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cached, digestOf } from './cache.ts';
import { closureOf, ownArchitecture, unpackPackages, type Architecture, type PackageArchitecture } from './debian.ts';
import { nodeFor } from './npm-package.ts';
import { run } from './shell.ts';

/** What a guest sees as its root, and the Node it runs. */
export interface GuestRoot {
  readonly folder: string;
  readonly node: string;
}

/**
 * The root of a guest. Where the guest has the outside's architecture it is the outside itself, read-only: no image is
 * built, and every tool of the outside is inside. For another architecture a small one is assembled from packages.
 */
export async function guestRoot(architecture: PackageArchitecture): Promise<GuestRoot> {
  if (architecture === 'armhf') return { folder: await carriedRoot(architecture), node: await nodeFor(architecture) };
  if (architecture === ownArchitecture()) return { folder: '/', node: process.execPath };
  return { folder: await smallRoot(architecture), node: await nodeFor(architecture) };
}

/** The C library that Node needs, a shell, modprobe, and DPDK as the program that nobody here wrote. */
const PACKAGES = ['busybox-static', 'kmod', 'libc6', 'libstdc++6', 'libgcc-s1', 'dpdk-dev'];

/** Changes with what is laid beside the packages. */
const LAYOUT = 'usr-merged, mount points, /var/run, env, passwd';

function smallRoot(architecture: Architecture): Promise<string> {
  return cached(`root-${architecture}-${digestOf(...PACKAGES, LAYOUT)}`, async (folder) => {
    // Debian's packages of this release still carry /lib beside /usr/lib: with the links laid first they merge.
    for (const merged of ['bin', 'sbin', 'lib']) {
      await mkdir(path.join(folder, 'usr', merged), { recursive: true });
      await symlink(`usr/${merged}`, path.join(folder, merged));
    }
    await unpackPackages(await closureOf(PACKAGES, architecture), architecture, folder);
    for (const point of ['proc', 'sys', 'dev', 'run', 'tmp', 'root', 'etc']) {
      await mkdir(path.join(folder, point), { recursive: true });
    }
    await mkdir(path.join(folder, 'var'), { recursive: true });
    if (!existsSync(path.join(folder, 'var', 'run'))) await symlink('../run', path.join(folder, 'var', 'run'));
    const env = path.join(folder, 'usr', 'bin', 'env');
    if (!existsSync(env)) await copyFile(await busybox(architecture), env);
    await writeFile(path.join(folder, 'etc', 'passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
    await writeFile(path.join(folder, 'etc', 'group'), 'root:x:0:\n');
  });
}

/** What Node links to. The packages have no more than this in common with a system: it is carried in memory. */
const CARRIED = ['libc6', 'libstdc++6', 'libgcc-s1', 'libatomic1'];

/** The root of a guest that carries its files, but for the work folder. */
function carriedRoot(architecture: PackageArchitecture): Promise<string> {
  return cached(`root-${architecture}-${digestOf(...CARRIED)}`, async (folder) => {
    const whole = path.join(folder, 'whole');
    await unpackPackages(CARRIED, architecture, whole);
    const find = ['.', '(', '-type', 'f', '-o', '-type', 'l', ')', '-path', '*lib/*.so*', '-not', '-path', '*/gconv/*'];
    for (const library of (await run('find', find, { cwd: whole })).trim().split('\n')) {
      await run('install', ['-d', path.dirname(path.join(folder, library))]);
      await rename(path.join(whole, library), path.join(folder, library));
    }
    await rm(whole, { recursive: true });
  });
}

/** Debian's static busybox: the only program in the initramfs. */
export async function busybox(architecture: PackageArchitecture): Promise<string> {
  const folder = await cached(`busybox-${architecture}`, (made) =>
    unpackPackages(['busybox-static'], architecture, made),
  );
  return path.join(folder, existsSync(path.join(folder, 'bin', 'busybox')) ? 'bin' : 'usr/bin', 'busybox');
}
