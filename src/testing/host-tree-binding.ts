import type { BlockDevice, HostDevice } from '../model/index.ts';
import type { Tree } from './tree.ts';

/** What devices of every bus have: links to bus, driver and group, network interfaces, disks. */
export function writeBinding(tree: Tree, device: HostDevice, index: number): void {
  const { sysfsPath: at, address, driver, group } = device;
  const bus = `/sys/bus/${device.bus}`;
  tree.link(`${bus}/devices/${address}`, at);
  tree.link(`${at}/subsystem`, bus);
  if (driver !== null) {
    tree.link(`${at}/driver`, `${bus}/drivers/${driver}`);
    tree.link(`${bus}/drivers/${driver}/${address}`, at);
  }
  if (group !== null) {
    tree.link(`${at}/iommu_group`, `/sys/kernel/iommu_groups/${group}`);
    tree.link(`/sys/kernel/iommu_groups/${group}/devices/${address}`, at);
  }
  for (const netdev of device.netdevs) {
    const net = `${at}/net/${netdev.name}`;
    tree.file(`${net}/flags`, netdev.up ? '0x1003\n' : '0x1002\n');
    if (netdev.mac !== undefined) tree.file(`${net}/address`, `${netdev.mac}\n`);
    if (netdev.master !== null) {
      tree.link(`${net}/master`, `/sys/devices/virtual/net/${netdev.master}`);
      tree.link(`${net}/upper_${netdev.master}`, `/sys/devices/virtual/net/${netdev.master}`);
    }
    tree.link(`/sys/class/net/${netdev.name}`, net);
  }
  for (const [position, block] of device.blocks.entries()) writeBlock(tree, at, block, index * 1024 + position * 16);
}

/** The disk with one partition, on which the first holder stands, on which the second stands, and so on. */
function writeBlock(tree: Tree, device: string, block: BlockDevice, minor: number): void {
  const disk = `${device}/block/${block.name}`;
  const part = `${disk}/${block.name}p1`;
  tree.file(`${disk}/dev`, `259:${minor}\n`);
  tree.file(`${disk}/serial`, `${block.serial ?? ''}\n`);
  tree.folder(`${disk}/holders`);
  tree.file(`${part}/dev`, `259:${minor + 1}\n`);
  tree.link(`/sys/class/block/${block.name}`, disk);
  tree.link(`/sys/class/block/${block.name}p1`, part);
  let below = part;
  for (const holder of block.holders) {
    const volume = `/sys/devices/virtual/block/${holder}`;
    tree.folder(`${volume}/holders`);
    tree.link(`${below}/holders/${holder}`, volume);
    tree.link(`/sys/class/block/${holder}`, volume);
    below = volume;
  }
}
