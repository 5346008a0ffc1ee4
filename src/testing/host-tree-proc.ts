import type { HostInventory, IommuUnit } from '../model/index.ts';
import type { Tree } from './tree.ts';

/** A chip's name in /proc/interrupts, by architecture and by whether interrupts are isolated. */
const CHIPS = {
  x86: { true: 'IR-PCI-MSI', false: 'PCI-MSI', null: 'XT-PIC' },
  arm: { true: 'ITS-MSI', false: 'GICv2m', null: 'GICv2' },
} as const;

/** The part of a host's pseudo files that is not devices: /proc, /dev, modules, IOMMU units, stacked interfaces. */
export function writeProcess(tree: Tree, inventory: HostInventory): void {
  const { kernel, iommu, limits } = inventory;
  tree.file('/proc/sys/kernel/osrelease', `${kernel.release}\n`);
  tree.file('/proc/sys/kernel/arch', `${kernel.architecture}\n`);
  const auxiliary = Buffer.alloc(48);
  for (const [index, word] of [33, 0xbeef, 6, kernel.pageSize, 0, 0].entries()) {
    auxiliary.writeBigUInt64LE(BigInt(word), index * 8);
  }
  tree.file('/proc/self/auxv', auxiliary);
  const limit = (value: bigint | null | undefined) => String(value ?? 'unlimited').padEnd(20);
  tree.file(
    '/proc/self/limits',
    `Limit                     Soft Limit           Hard Limit           Units     \nMax processes             7822                 7822                 processes \nMax locked memory         ${limit(limits.memlock)} ${limit(limits.memlockHard)} bytes     \n`,
  );
  const without = (limits.mayLockAnything ? 0n : 1n << 14n) | (limits.mayRaiseLimits ? 0n : 1n << 24n);
  const capabilities = (0x1ff_ffff_ffffn & ~without).toString(16).padStart(16, '0');
  const { memoryAvailable } = inventory;
  if (memoryAvailable !== undefined) {
    tree.file('/proc/meminfo', `MemTotal:       999999999 kB\nMemAvailable:   ${memoryAvailable >> 10n} kB\n`);
  }
  tree.file('/proc/self/status', `Name:\tnode\nCapPrm:\t0000000000000000\nCapEff:\t${capabilities}\n`);
  const family = kernel.architecture === 'aarch64' ? CHIPS.arm : CHIPS.x86;
  const chip = family[`${iommu.interruptRemapping}`];
  tree.file(
    '/proc/interrupts',
    `           CPU0\n 24:          0  ${chip} 16384-edge      nic\nNMI:          0   Non-maskable\n`,
  );
  for (const unit of iommu.units) writeUnit(tree, unit);
  writeModules(tree, inventory);
  writeNodes(tree, inventory);
  writeMounts(tree, inventory);
  writeRoutes(tree, inventory);
}

function writeUnit(tree: Tree, unit: IommuUnit): void {
  const real = `/sys/devices/virtual/iommu/${unit.name}`;
  tree.folder(real);
  if (unit.kind === 'intel' && unit.addressBits !== null) {
    // MGAW is the width less one; SAGAW has 4-level tables, or 3-level ones where the width is no more than 39.
    const register = (BigInt(unit.addressBits - 1) << 16n) | ((unit.addressBits > 39 ? 4n : 2n) << 8n);
    tree.file(`${real}/intel-iommu/cap`, `${register.toString(16)}\n`);
  }
  if (unit.kind === 'virtio') tree.link(`${real}/device`, '/sys/devices/pci0000:00/virtio3');
  tree.link(`/sys/class/iommu/${unit.name}`, real);
}

function writeModules(tree: Tree, { modules, kernel }: HostInventory): void {
  const index = `/lib/modules/${kernel.release}`;
  const available: string[] = ['kernel/drivers/net/ethernet/intel/e1000e/e1000e.ko.xz:\n'];
  const builtin: string[] = ['kernel/fs/ext4/ext4.ko\n'];
  for (const [name, { state, parameters }] of Object.entries(modules)) {
    const path = `kernel/drivers/vfio/${name.replaceAll('_', '-')}.ko`;
    if (state === 'available') available.push(`${path}.xz: kernel/drivers/vfio/vfio.ko.xz\n`);
    else if (state === 'builtin') builtin.push(`${path}\n`);
    if (state === 'loaded') tree.file(`/sys/module/${name}/initstate`, 'live\n');
    for (const [key, value] of Object.entries(parameters)) {
      tree.file(`/sys/module/${name}/parameters/${key}`, `${value}\n`);
    }
  }
  tree.file(`${index}/modules.dep`, available.join(''));
  tree.file(`${index}/modules.builtin`, builtin.join(''));
}

function writeNodes(tree: Tree, { vfio, groups }: HostInventory): void {
  if (vfio.container) tree.file('/dev/vfio/vfio', '');
  if (vfio.iommufd) tree.file('/dev/iommu', '');
  for (const group of groups) {
    if (group.node) tree.file(`/dev/vfio/${group.id}`, '');
    for (const { pid, command } of group.openedBy) {
      tree.file(`/proc/${pid}/comm`, `${command}\n`);
      // Written as the kernel shows it: an absolute path, which no test follows.
      tree.absoluteLink(`/proc/${pid}/fd/${group.id + 10}`, `/dev/vfio/${group.id}`);
    }
  }
}

function writeMounts(tree: Tree, { devices }: HostInventory): void {
  const mounts = ['21 1 0:19 / /proc rw,nosuid shared:5 - proc proc rw\n'];
  const swaps = ['Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n'];
  const escape = (path: string) =>
    path.replace(/[ \\]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`);
  for (const block of devices.flatMap((device) => device.blocks)) {
    const top = `/dev/${block.holders.at(-1) ?? `${block.name}p1`}`;
    for (const [index, point] of block.mounts.entries()) {
      mounts.push(`${30 + index} 1 0:${40 + index} / ${escape(point)} rw shared:1 - btrfs ${top} rw\n`);
    }
    if (block.swap) swaps.push(`${top}\tpartition\t1000\t0\t-2\n`);
  }
  tree.file('/proc/self/mountinfo', mounts.join(''));
  tree.file('/proc/swaps', swaps.join(''));
}

function writeRoutes(tree: Tree, { devices }: HostInventory): void {
  const routes = ['Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n'];
  const addresses6 = ['00000000000000000000000000000001 01 80 10 80       lo\n'];
  const routes6: string[] = [];
  const zeros = '0'.repeat(32);
  for (const { name, hasAddress, defaultRoute, master } of devices.flatMap((device) => device.netdevs)) {
    const carrier = master ?? name;
    if (hasAddress) routes.push(`${carrier}\t0002000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n`);
    if (defaultRoute) routes.push(`${carrier}\t00000000\t0202000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n`);
    addresses6.push(`fe80000000000000000000fffe000001 02 40 20 80 ${carrier.padStart(8)}\n`);
    if (master !== null) tree.folder(`/sys/devices/virtual/net/${master}`);
  }
  routes6.push(`${zeros} 00 ${zeros} 00 ${zeros} ffffffff 00000001 00000000 00200200       lo\n`);
  tree.file('/proc/net/route', routes.join(''));
  tree.file('/proc/net/if_inet6', addresses6.join(''));
  tree.file('/proc/net/ipv6_route', routes6.join(''));
}
