import { readFileSync } from 'node:fs';
import { guestOverlay, layoutGuest, type GuestDevice } from '../../src/devicetree/guest/index.ts';
import { readFdt } from '../../src/devicetree/fdt/read-fdt.ts';
import {
  compatibleOf,
  driverMadeDevices,
  linuxDevices,
  type DeviceTree,
  type DeviceTreeNode,
} from '../../src/devicetree/index.ts';
import type { Tally } from './tally.ts';
import { ask } from './tools.ts';

const PAGE = 4096n;

/**
 * Assigns every device of a tree to one VM, each with all that is below it, and compiles the overlay for the guest: `dtc`
 * must neither refuse nor warn.
 */
export function checkGuestTree(tree: DeviceTree): string[] {
  const { units } = layoutGuest(tree, everyDevice(tree), PAGE);
  const source = guestOverlay({ tree, units, controller: 'intc', header: ['corpus'] });
  const { status, stderr } = ask('dtc', ['-@', '-I', 'dts', '-O', 'dtb', '-o', '/dev/null', '-'], source);
  const said = stderr.split('\n').filter((line) => line !== '');
  return status === 0 ? said : [`dtc ended with ${status}`, ...said];
}

/** {@link checkGuestTree} for blobs; those that cannot be read are the business of another check. */
export function checkGuestTrees(files: readonly string[], tally: Tally): void {
  for (const file of files) {
    const reading = readFdt(readFileSync(file));
    if (!('problem' in reading)) tally.add(`${file}: the tree of a guest`, checkGuestTree(reading.tree));
  }
}

/**
 * The devices that a driver could have, each with all that is below it; for a plain bus Linux has none. Their addresses
 * are fixed, far from each other: a whole machine does not fit the bus that a layout would choose.
 */
function everyDevice(tree: DeviceTree): GuestDevice[] {
  return [...linuxDevices(tree), ...driverMadeDevices(tree)]
    .filter(({ node }) => !compatibleOf(node).includes('simple-bus'))
    .map((device, index) => ({
      name: device.name,
      node: device.node,
      bus: 'bus' in device ? device.bus : 'platform',
      included: below(device.node),
      base: BigInt(index + 1) << 36n,
      interrupt: index,
    }));
}

function below(node: DeviceTreeNode): ReadonlySet<string> {
  const paths = new Set<string>();
  const open = [...node.children];
  for (let at = open.pop(); at; at = open.pop()) {
    paths.add(at.path);
    open.push(...at.children);
  }
  return paths;
}
