import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { chmod, copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { cached, digestOf } from './cache.ts';
import type { PackageArchitecture } from './debian.ts';
import { GUEST_MODULES, GUEST_WORK } from './guest-paths.ts';
import { busybox } from './guest-root.ts';
import type { BootKernel } from './kernel.ts';
import type { Machine } from './machine.ts';
import { run } from './shell.ts';

/** What the guest must have before its root is there, then the drivers that the scenarios are about. */
const MODULES = {
  amd64: ['virtio_pci', '9p', '9pnet_virtio', 'virtio_console', 'vfio_iommu_type1', 'vfio-pci', 'e1000e'],
  arm64: [
    'virtio_mmio',
    'virtio_pci',
    '9p',
    '9pnet_virtio',
    'virtio_console',
    'vfio_iommu_type1',
    'vfio-pci',
    'e1000e',
  ],
  armhf: [],
} as const satisfies Record<PackageArchitecture, readonly string[]>;

/** Loaded by the scenarios that need it: lays the modules over the guest's root, which is read-only. */
const FOR_LATER = ['overlay'];

/** Names by which the guest finds the two folders it is given. */
export const ROOT_TAG = 'root';
export const WORK_TAG = 'work';

const BEGIN = `#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /tmp /newroot
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
/bin/busybox mount -t devtmpfs devtmpfs /dev
`;

const LOAD_MODULES = `cd /lib/modules/*
while read -r module; do /bin/busybox insmod "$module" || echo "init: $module did not load"; done <order
cd /
`;

/** Leaves nothing but mounts behind: the root becomes the share, with the files of this kernel in it. */
const MOUNT_SHARES = `nine() { /bin/busybox mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,ro,cache=loose "$1" "$2"; }
nine ${ROOT_TAG} /newroot || echo "init: no root share"
/bin/busybox mount -t tmpfs tmpfs /newroot/run
/bin/busybox mount -t tmpfs tmpfs /newroot/tmp
/bin/busybox mkdir -p /newroot${GUEST_WORK}
nine ${WORK_TAG} /newroot${GUEST_WORK} || echo "init: no work share"
for point in proc sys dev; do /bin/busybox mount -o rbind /$point /newroot/$point; done
/bin/busybox mkdir -p /newroot/dev/hugepages /newroot/dev/shm
/bin/busybox mount -t tmpfs tmpfs /newroot/dev/shm
/bin/busybox mount -t hugetlbfs hugetlbfs /newroot/dev/hugepages
`;

const SHOW_MODULES = `/bin/busybox mkdir -p /newroot${GUEST_MODULES}
/bin/busybox mount -o bind /lib /newroot${GUEST_MODULES}
`;

/**
 * Up to 20.11, Node's libuv has the kernel poll its io_uring: a thread that spins, and on one processor lets nothing else
 * run. With it Node starts in 10 s, without in 2.
 */
const WITHOUT_POLLING = 'export UV_USE_IO_URING=0\n';

/** The scenarios run in a chroot of the root share, or where the files were carried to. */
const end = (enter: string): string => `/bin/busybox ip link set lo up
export NO_COLOR=1 HOME=/run PATH=${GUEST_WORK}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
${enter} ${GUEST_WORK}/bin/node --enable-source-maps ${GUEST_WORK}/guest.cjs
echo "init: the guest script ended with status $?"
/bin/busybox poweroff -f
`;

/** The first program of the guest. */
function initOf({ files }: Machine, { moduleBase }: BootKernel): string {
  if (files === 'carried') return [BEGIN, WITHOUT_POLLING, end('')].join('');
  const modules = moduleBase === undefined ? ['', ''] : [LOAD_MODULES, SHOW_MODULES];
  return [BEGIN, modules[0], MOUNT_SHARES, modules[1], end('/bin/busybox chroot /newroot')].join('');
}

/** A folder `lib/modules/<release>` as modprobe wants it, with a file `order` of what the guest loads first. */
async function modulesOf(
  { architecture, modules }: Machine,
  { release, moduleBase }: KernelWithModules,
): Promise<string> {
  const names = [...MODULES[architecture], ...modules];
  return cached(`modules-${release}-${digestOf(...names, ...FOR_LATER, 'depmod')}`, async (made) => {
    const folder = path.join(made, 'lib', 'modules', release);
    const order = await gatherModules(names, { release, moduleBase }, folder);
    await writeFile(path.join(folder, 'order'), `${order.join('\n')}\n`);
    await gatherModules(FOR_LATER, { release, moduleBase }, folder);
    for (const list of ['modules.builtin', 'modules.builtin.modinfo', 'modules.order']) {
      await copyFile(path.join(moduleBase, 'lib', 'modules', release, list), path.join(folder, list));
    }
    await run('/sbin/depmod', ['-b', made, release]);
  });
}

interface KernelWithModules {
  readonly release: string;
  readonly moduleBase: string;
}

/** What the initramfs of a machine is made from. */
export interface InitramfsParts {
  readonly kernel: BootKernel;
  /** The guest's root and its work folder, for a guest that carries them. */
  readonly root: string;
  readonly share: string;
  /** Where to pack. */
  readonly work: string;
}

/** Packs the initramfs and returns its file. Only the modules are kept in the cache: packing takes a second, and INIT changes. */
export async function packInitramfs(machine: Machine, parts: InitramfsParts): Promise<string> {
  const { kernel, work } = parts;
  const { release, moduleBase } = kernel;
  const tree = path.join(work, `initramfs-${machine.architecture}`);
  await mkdir(path.join(tree, 'bin'), { recursive: true });
  if (moduleBase !== undefined) {
    await run('cp', ['-r', path.join(await modulesOf(machine, { release, moduleBase }), 'lib'), tree]);
  }
  if (machine.files === 'carried') await carryFiles(parts, tree);
  await copyFile(await busybox(machine.architecture), path.join(tree, 'bin', 'busybox'));
  await writeFile(path.join(tree, 'init'), initOf(machine, kernel));
  await chmod(path.join(tree, 'init'), 0o755);
  await chmod(path.join(tree, 'bin', 'busybox'), 0o755);
  return packTree(tree, machine.files === 'carried' ? 0 : 1);
}

/** Lays a guest's root and work folder into the initramfs: what the programs in it call by its usual name included. */
async function carryFiles({ root, share }: InitramfsParts, tree: string): Promise<void> {
  await run('cp', ['-r', `${root}/.`, tree]);
  await mkdir(path.join(tree, 'usr', 'bin'), { recursive: true });
  await symlink('/bin/busybox', path.join(tree, 'usr', 'bin', 'env'));
  await symlink('busybox', path.join(tree, 'bin', 'sh'));
  await mkdir(path.join(tree, path.dirname(GUEST_WORK)), { recursive: true });
  await run('cp', ['-r', share, path.join(tree, GUEST_WORK)]);
}

/** Level 0 only wraps: an emulated processor needs longer to unpack than to have it all read. */
async function packTree(tree: string, level: number): Promise<string> {
  const file = `${tree}.img`;
  const names = (await run('find', ['.', '-mindepth', '1'], { cwd: tree })).trim().split('\n').sort();
  const cpio = spawn('cpio', ['-o', '-H', 'newc', '--quiet', '-R', '0:0'], {
    cwd: tree,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  cpio.stdin.end(`${names.join('\n')}\n`);
  await pipeline(cpio.stdout, createGzip({ level }), createWriteStream(file));
  return file;
}

/**
 * Copies modules, and what they need, out of the kernel's package, decompressed: the guest has no xz. Returns their files
 * in the order in which they load.
 */
async function gatherModules(names: readonly string[], kernel: KernelWithModules, folder: string): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const files: string[] = [];
  for (const module of names) {
    const shown = await run('/sbin/modprobe', [
      '-d',
      kernel.moduleBase,
      '-S',
      kernel.release,
      '--show-depends',
      module,
    ]);
    for (const [, file] of shown.matchAll(/^insmod (\S+)/gm)) {
      if (file !== undefined && !files.includes(file)) files.push(file);
    }
  }
  const order: string[] = [];
  for (const file of files) {
    const name = path.basename(file).replace(/\.xz$/, '');
    const copy = path.join(folder, path.basename(file));
    await copyFile(file, copy);
    if (file.endsWith('.xz')) await run('xz', ['--decompress', '--force', copy]);
    order.push(name);
  }
  return order;
}
