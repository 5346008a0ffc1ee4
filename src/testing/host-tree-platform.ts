import { flatNode, type PlatformDevice, type SnapshotNode } from '../model/index.ts';
import type { Tree } from './tree.ts';

const DEVICE_TREE = '/sys/firmware/devicetree/base';

/** A device of the platform bus or one like it, with the attributes of Linux 6.12. */
export function writePlatformDevice(tree: Tree, device: PlatformDevice): void {
  const { sysfsPath: at, treePath } = device;
  tree.file(`${at}/uevent`, device.driver === null ? '' : `DRIVER=${device.driver}\n`);
  tree.file(`${at}/modalias`, 'of:NdeviceT(null)\n');
  tree.file(`${at}/driver_override`, `${device.driverOverride ?? '(null)'}\n`);
  // Kernels without NUMA do not have it.
  if (device.numaNode !== null) tree.file(`${at}/numa_node`, `${device.numaNode}\n`);
  if (treePath !== null) tree.link(`${at}/of_node`, `${DEVICE_TREE}${treePath === '/' ? '' : treePath}`);
}

/** What ACPI and drivers make up on every x86 machine: no node, no group. */
export function writeMadeUpDevice(tree: Tree, name: string, driver: string): void {
  const at = `/sys/devices/platform/${name}`;
  tree.file(`${at}/driver_override`, '(null)\n');
  tree.link(`/sys/bus/platform/devices/${name}`, at);
  tree.link(`${at}/driver`, `/sys/bus/platform/drivers/${driver}`);
  tree.link(`/sys/bus/platform/drivers/${driver}/${name}`, at);
}

/** The tree as sysfs shows it: a folder for each node, a file for each property, and the `name` that Linux adds. */
export function writeDeviceTree(tree: Tree, nodes: readonly SnapshotNode[]): void {
  for (const node of nodes.map(flatNode)) {
    const at = `${DEVICE_TREE}${node.path === '/' ? '' : node.path}`;
    tree.folder(at);
    const name = node.path.slice(node.path.lastIndexOf('/') + 1).replace(/@.*/, '');
    tree.file(`${at}/name`, `${name}\0`);
    for (const [property, value] of node.properties) tree.file(`${at}/${property}`, value);
  }
}
