import { isPci } from '../model/index.ts';
import type { HostInventory, PciDevice } from '../model/index.ts';
import { writeBinding } from './host-tree-binding.ts';
import { writeDeviceTree, writePlatformDevice } from './host-tree-platform.ts';
import { writeProcess } from './host-tree-proc.ts';
import { Tree } from './tree.ts';

/**
 * Writes what a kernel's pseudo file systems would show of a host, below `root`: the same attributes and symbolic links
 * as Linux 6.1 has. Reading the tree gives the inventory again. Disks get partitions and holders so that mounts and swap
 * come out as the inventory says.
 */
export function writeHostTree(root: string, inventory: HostInventory): void {
  const tree = new Tree(root);
  for (const folder of ['/sys/bus/pci/devices', '/sys/bus/pci/drivers', '/sys/kernel/iommu_groups', '/dev']) {
    tree.folder(folder);
  }
  const paths = new Map(inventory.devices.map((device) => [device.address as string, device.sysfsPath]));
  const functions = inventory.devices.filter(isPci);
  for (const device of functions) writeDevice(tree, device);
  for (const device of functions) writeFunctionLinks(tree, device, paths);
  for (const device of inventory.devices) if (!isPci(device)) writePlatformDevice(tree, device);
  for (const [index, device] of inventory.devices.entries()) writeBinding(tree, device, index);
  if (inventory.deviceTree) writeDeviceTree(tree, inventory.deviceTree.nodes);
  for (const group of inventory.groups) {
    const directory = `/sys/kernel/iommu_groups/${group.id}`;
    if (group.type !== null) tree.file(`${directory}/type`, `${group.type}\n`);
    const lines = group.reservedRegions.map(({ first, last, type }) => `${wide(first)} ${wide(last)} ${type}\n`);
    tree.file(`${directory}/reserved_regions`, lines.join(''));
  }
  for (const [index, pool] of inventory.hugePages.entries()) {
    const directory = `/sys/kernel/mm/hugepages/hugepages-${pool.size / 1024n}kB`;
    tree.file(`${directory}/nr_hugepages`, `${pool.total}\n`);
    // Reserved pages count as free for the kernel and not for us.
    tree.file(`${directory}/free_hugepages`, `${pool.free + index}\n`);
    tree.file(`${directory}/resv_hugepages`, `${index}\n`);
  }
  writeProcess(tree, inventory);
}

const wide = (value: bigint): string => `0x${value.toString(16).padStart(16, '0')}`;

const BAR_FLAGS = { memory: 0x40200n, prefetchable: 0x14220cn, io: 0x40101n } as const;

function writeDevice(tree: Tree, device: PciDevice): void {
  const at = device.sysfsPath;
  const attribute = (name: string, value: string) => tree.file(`${at}/${name}`, `${value}\n`);
  const upper = (text: string) => text.toUpperCase();
  const subsystem = device.subsystem ?? { vendor: '0000', device: '0000' };
  const uevent = [
    ...(device.driver === null ? [] : [`DRIVER=${device.driver}`]),
    `PCI_CLASS=${Number.parseInt(device.class, 16).toString(16).toUpperCase().padStart(4, '0')}`,
    `PCI_ID=${upper(device.vendor)}:${upper(device.device)}`,
    `PCI_SUBSYS_ID=${upper(subsystem.vendor)}:${upper(subsystem.device)}`,
    `PCI_SLOT_NAME=${device.address}`,
  ];
  attribute('uevent', uevent.join('\n'));
  for (const name of ['vendor', 'device', 'class', 'revision'] as const) attribute(name, `0x${device[name]}`);
  attribute('subsystem_vendor', `0x${subsystem.vendor}`);
  attribute('subsystem_device', `0x${subsystem.device}`);
  attribute('driver_override', device.driverOverride ?? '(null)');
  attribute('numa_node', String(device.numaNode ?? -1));
  for (const name of ['enable', 'irq', 'msi_bus', 'ari_enabled', 'broken_parity_status']) attribute(name, '0');
  attribute('local_cpulist', '0');
  attribute('modalias', `pci:v0000${upper(device.vendor)}d0000${upper(device.device)}`);
  tree.file(`${at}/resource`, resourceText(device));
  tree.file(`${at}/config`, configSpace(device));
  if (device.resetMethods.length > 0) attribute('reset_method', device.resetMethods.join(' '));
  if (device.header === 'bridge') attribute('secondary_bus_number', '1');
  if (device.class.startsWith('03')) attribute('boot_vga', device.bootDisplay ? '1' : '0');
  if (device.sriov) {
    attribute('sriov_totalvfs', String(device.sriov.total));
    attribute('sriov_numvfs', String(device.sriov.enabled));
    const { offset, stride, autoprobe } = device.sriov;
    if (offset !== undefined) attribute('sriov_offset', String(offset));
    if (stride !== undefined) attribute('sriov_stride', String(stride));
    if (autoprobe !== undefined) attribute('sriov_drivers_autoprobe', autoprobe ? '1' : '0');
  }
  if (device.slot !== null) tree.file(`/sys/bus/pci/slots/${device.slot}/address`, `${device.address.slice(0, -2)}\n`);
}

function writeFunctionLinks(tree: Tree, device: PciDevice, paths: ReadonlyMap<string, string>): void {
  const at = device.sysfsPath;
  const parent = device.physicalFunction === null ? undefined : paths.get(device.physicalFunction);
  if (parent === undefined) return;
  tree.link(`${at}/physfn`, parent);
  tree.link(`${parent}/virtfn${device.virtualFunctionIndex}`, at);
}

function resourceText(device: PciDevice): string {
  const lines = new Array<string>(13).fill(`${wide(0n)} ${wide(0n)} ${wide(0n)}\n`);
  for (const { index, start, size, kind } of device.resources) {
    lines[index] = `${wide(start)} ${wide(start + size - 1n)} ${wide(BAR_FLAGS[kind])}\n`;
  }
  return lines.join('');
}

/** 64 bytes of header; with a serial number, the extended capability that holds it too. */
function configSpace(device: PciDevice): Uint8Array {
  const space = Buffer.alloc(device.serial === undefined ? 256 : 4096);
  space.writeUInt16LE(Number.parseInt(device.vendor, 16), 0);
  space.writeUInt16LE(Number.parseInt(device.device, 16), 2);
  space.writeUInt32LE(Number.parseInt(device.class + device.revision, 16), 8);
  space[0x0e] = device.header === 'bridge' ? 1 : 0;
  if (device.serial !== undefined) {
    space.writeUInt32LE(0x0003 | (1 << 16), 0x100);
    space.writeBigUInt64LE(BigInt(`0x${device.serial.replaceAll('-', '')}`), 0x104);
  }
  return space;
}
