import { readFileSync } from 'node:fs';
import { guestOverlay, layoutGuest, type GuestDevice } from '../../src/devicetree/guest/index.ts';
import { readFdt } from '../../src/devicetree/fdt/read-fdt.ts';
import { compatibleOf, driverMadeDevices, linuxDevices, linuxRegions } from '../../src/devicetree/index.ts';
import type { DeviceTree, DeviceTreeNode } from '../../src/model/index.ts';
import type { Tally } from './tally.ts';
import { ask } from './tools.ts';

const PAGE = 4096n;

/** What `dtc` says of nodes that we pass on as they are, if it says so of the host's own tree too. */
const INHERITED: ReadonlySet<string> = new Set([
  'simple_bus_reg',
  // For the other end of an SPI bus one check wants cells, and the other none (dtc 1.6.1).
  'spi_bus_bridge',
  'spi_bus_reg',
  'avoid_unnecessary_addr_size',
]);

const checksIn = (stderr: string): string[] => [...stderr.matchAll(/Warning \((\w+)\)/g)].map(([, name = '']) => name);

/**
 * Assigns every device of a tree to one VM, each with all that is below it, and compiles the overlay for the guest: `dtc`
 * must neither refuse nor warn. `file` is the blob, to ask what `dtc` says of it.
 */
export function checkGuestTree(tree: DeviceTree, file: string): string[] {
  const { units } = layoutGuest(tree, everyDevice(tree), PAGE);
  const source = guestOverlay({ tree, units, controller: 'intc', header: ['corpus'] });
  const { status, stderr } = ask('dtc', ['-@', '-I', 'dts', '-O', 'dtb', '-o', '/dev/null', '-'], source);
  const said = stderr.split('\n').filter((line) => line !== '');
  if (status !== 0) return [`dtc ended with ${status}`, ...said];
  if (!checksIn(stderr).some((check) => INHERITED.has(check))) return said;
  const ofHost = new Set(checksIn(ask('dtc', ['-I', 'dtb', '-O', 'dtb', '-o', '/dev/null', file]).stderr));
  return said.filter((line) => !checksIn(line).some((check) => INHERITED.has(check) && ofHost.has(check)));
}

/** {@link checkGuestTree} for blobs; those that cannot be read are the business of another check. */
export function checkGuestTrees(files: readonly string[], tally: Tally): void {
  for (const file of files) {
    const reading = readFdt(readFileSync(file));
    if (!('problem' in reading)) tally.add(`${file}: the tree of a guest`, checkGuestTree(reading.tree, file));
  }
}

/**
 * The devices that a driver could have, each with all that is below it: not plain buses, nor what has no registers. Their addresses
 * are fixed, far from each other: a whole machine does not fit the bus that a layout would choose.
 */
function everyDevice(tree: DeviceTree): GuestDevice[] {
  return [...linuxDevices(tree), ...driverMadeDevices(tree)]
    .filter(({ node }) => !compatibleOf(node).includes('simple-bus') && linuxRegions(tree, node).length > 0)
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
