import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { cached, digestOf } from './cache.ts';
import type { Architecture, DebianKernel } from './debian.ts';
import { GUEST_MODULES, GUEST_WORK } from './guest-paths.ts';
import { busybox } from './guest-root.ts';
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
} as const satisfies Record<Architecture, readonly string[]>;

/** Loaded by the scenarios that need it: lays the modules over the guest's root, which is read-only. */
const FOR_LATER = ['overlay'];

/** Names by which the guest finds the two folders it is given. */
export const ROOT_TAG = 'root';
export const WORK_TAG = 'work';

/**
 * The first program of the guest. It leaves nothing but mounts behind: the scenarios run in a chroot of the root share,
 * so that they see the tools of that root and the kernel of this machine.
 */
const INIT = `#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /newroot
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
/bin/busybox mount -t devtmpfs devtmpfs /dev
cd /lib/modules/*
while read -r module; do /bin/busybox insmod "$module" || echo "init: $module did not load"; done <order
cd /
nine() { /bin/busybox mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,ro,cache=loose "$1" "$2"; }
nine ${ROOT_TAG} /newroot || echo "init: no root share"
/bin/busybox mount -t tmpfs tmpfs /newroot/run
/bin/busybox mount -t tmpfs tmpfs /newroot/tmp
/bin/busybox mkdir -p /newroot${GUEST_WORK}
nine ${WORK_TAG} /newroot${GUEST_WORK} || echo "init: no work share"
/bin/busybox mkdir -p /newroot${GUEST_MODULES}
/bin/busybox mount -o bind /lib /newroot${GUEST_MODULES}
for point in proc sys dev; do /bin/busybox mount -o rbind /$point /newroot/$point; done
/bin/busybox mkdir -p /newroot/dev/hugepages /newroot/dev/shm
/bin/busybox mount -t tmpfs tmpfs /newroot/dev/shm
/bin/busybox mount -t hugetlbfs hugetlbfs /newroot/dev/hugepages
/bin/busybox ip link set lo up
export NO_COLOR=1 HOME=/run PATH=${GUEST_WORK}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
/bin/busybox chroot /newroot ${GUEST_WORK}/bin/node --enable-source-maps ${GUEST_WORK}/guest.cjs
echo "init: the guest script ended with status $?"
/bin/busybox poweroff -f
`;

/** A folder `lib/modules/<release>` as modprobe wants it, with a file `order` of what the guest loads first. */
async function modulesOf({ architecture, modules }: Machine, kernel: DebianKernel): Promise<string> {
  const names = [...MODULES[architecture], ...modules];
  return cached(`modules-${kernel.release}-${digestOf(...names, ...FOR_LATER, 'depmod')}`, async (made) => {
    const folder = path.join(made, 'lib', 'modules', kernel.release);
    const order = await gatherModules(names, kernel, folder);
    await writeFile(path.join(folder, 'order'), `${order.join('\n')}\n`);
    await gatherModules(FOR_LATER, kernel, folder);
    for (const list of ['modules.builtin', 'modules.builtin.modinfo', 'modules.order']) {
      await copyFile(path.join(kernel.moduleBase, 'lib', 'modules', kernel.release, list), path.join(folder, list));
    }
    await run('/sbin/depmod', ['-b', made, kernel.release]);
  });
}

/** Packs the initramfs into `file`. Only the modules are kept in the cache: packing takes a second, and INIT changes. */
export async function packInitramfs(machine: Machine, kernel: DebianKernel, work: string): Promise<string> {
  const { architecture } = machine;
  const tree = path.join(work, `initramfs-${architecture}`);
  await mkdir(path.join(tree, 'bin'), { recursive: true });
  await run('cp', ['-r', path.join(await modulesOf(machine, kernel), 'lib'), tree]);
  await copyFile(await busybox(architecture), path.join(tree, 'bin', 'busybox'));
  await writeFile(path.join(tree, 'init'), INIT);
  await chmod(path.join(tree, 'init'), 0o755);
  await chmod(path.join(tree, 'bin', 'busybox'), 0o755);
  const file = `${tree}.img`;
  const names = (await run('find', ['.', '-mindepth', '1'], { cwd: tree })).trim().split('\n').sort();
  const cpio = spawn('cpio', ['-o', '-H', 'newc', '--quiet', '-R', '0:0'], {
    cwd: tree,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  cpio.stdin.end(`${names.join('\n')}\n`);
  await pipeline(cpio.stdout, createGzip({ level: 1 }), createWriteStream(file));
  return file;
}

/**
 * Copies modules, and what they need, out of the kernel's package, decompressed: the guest has no xz. Returns their files
 * in the order in which they load.
 */
async function gatherModules(names: readonly string[], kernel: DebianKernel, folder: string): Promise<string[]> {
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
