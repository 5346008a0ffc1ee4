import { physical, U64_MAX, type PhysicalAddress, type DeviceTree, type DeviceTreeNode } from '../model/index.ts';
import { busOf, offsetInside, type Bus } from './bus.ts';
import { MAX_ADDRESS_CELLS, numberAt, numberIn, stringsOf, viewOf } from './cells.ts';
import { compatibleOf } from './compatible.ts';
import { referencesOf } from './phandles.ts';

/** Where an address of some bus ends up on the CPU's side, or why it does not. */
export type Translation =
  | { readonly kind: 'address'; readonly address: PhysicalAddress }
  | {
      readonly kind: 'none';
      readonly cause: 'root' | 'cells' | 'short' | 'no-ranges' | 'outside-ranges';
      /** The node that the address could not pass. */
      readonly at: DeviceTreeNode;
      /** The same in words: `/soc/i2c@1000 has no "ranges"`. */
      readonly reason: string;
    };

/** Which property carries an address upwards: `ranges` for the CPU's view of a device, `dma-ranges` for the device's of memory. */
export type RangesProperty = 'ranges' | 'dma-ranges';

/**
 * The CPU address of a child's address. `cells` starts with the address as written in a property of `node`; cells behind
 * it are not looked at. As __of_translate_address and of_translate_one in drivers/of/address.c, so: an empty `ranges`
 * passes an address unchanged, an absent one stops it (not `dma-ranges`, and not on the PowerPC machines that Linux
 * excuses), a level with `#size-cells` 0 stops it too.
 */
export function translateAddress(
  tree: DeviceTree,
  node: DeviceTreeNode,
  cells: readonly number[],
  property: RangesProperty = 'ranges',
): Translation {
  let at = upwards(tree, node, property);
  if (!at) return none('root', node, 'the root has no address');
  let bus = busOf(at);
  if (!usable(bus)) return badCells(at, bus);
  if (cells.length < bus.na)
    return none('short', node, `${cells.length} of the ${bus.na} cells of an address are there`);
  let address = cells.slice(0, bus.na);
  // dma-ranges follow phandles, so that a hostile tree could lead in a circle; no real one is deeper than a tree may be.
  for (let levels = 0; levels <= 256; levels += 1) {
    const above = upwards(tree, at, property);
    if (!above) return finished(at, numberAt(address, 0, bus.na));
    const outer = busOf(above);
    if (!usable(outer)) return badCells(above, outer);
    const passed = passLevel(tree, at, { bus, outer, address, property });
    if ('kind' in passed) return passed;
    address = passed.address;
    at = above;
    bus = outer;
  }
  return none('root', at, 'the way up to the root is a circle');
}

function finished(at: DeviceTreeNode, value: bigint | null): Translation {
  // All ones is OF_BAD_ADDR, Linux's own word for "no address".
  if (value === null || value === U64_MAX) return none('outside-ranges', at, 'the address is no address');
  return { kind: 'address', address: physical(value) };
}

interface Level {
  readonly bus: Bus;
  readonly outer: Bus;
  readonly address: readonly number[];
  readonly property: RangesProperty;
}

/** Carries an address through one bus node (of_translate_one in drivers/of/address.c). */
function passLevel(tree: DeviceTree, node: DeviceTreeNode, level: Level): Translation | { address: number[] } {
  const { bus, outer, address, property } = level;
  const value = node.properties.get(property);
  if (!value && property === 'ranges' && !excused(tree, node)) {
    return none('no-ranges', node, `${node.path} has no "ranges": its addresses are its own`);
  }
  if (!value || value.length === 0) {
    const offset = numberAt(address, 0, bus.na) ?? 0n;
    const flags = outer.flagCells === 1 ? [address[0] ?? 0] : [];
    return { address: [...flags, ...spread(offset, outer.na - flags.length)] };
  }
  const ranges = viewOf(value);
  const length = bus.na + outer.na + bus.ns;
  for (let start = 0; (start + length) * 4 <= value.length; start += length) {
    const offset = offsetInside(bus, address, ranges, start, outer.na);
    if (offset === null || offset === U64_MAX) continue;
    const target = start + bus.na;
    const flags = outer.flagCells === 1 ? [ranges.getUint32(target * 4)] : [];
    const base = numberIn(ranges, target + flags.length, outer.na - flags.length);
    return { address: [...flags, ...spread(base + offset, outer.na - flags.length)] };
  }
  return none('outside-ranges', node, `the address is outside every entry of "${property}" in ${node.path}`);
}

/** A number of 64 bits as `count` cells; where there are fewer than two, the upper half is lost, as in Linux. */
function spread(value: bigint, count: number): number[] {
  const cells = new Array<number>(count).fill(0);
  if (count > 0) cells[count - 1] = Number(BigInt.asUintN(32, value));
  if (count > 1) cells[count - 2] = Number(BigInt.asUintN(32, value >> 32n));
  return cells;
}

/** The node that an address of `node` meets next (of_get_parent; for DMA __of_get_dma_parent). */
function upwards(tree: DeviceTree, node: DeviceTreeNode, property: RangesProperty): DeviceTreeNode | null {
  return property === 'ranges' ? node.parent : dmaParent(tree, node);
}

/**
 * Where a node's memory accesses go: the interconnect that it names "dma-mem", else its parent (__of_get_dma_parent in
 * drivers/of/address.c).
 */
export function dmaParent(tree: DeviceTree, node: DeviceTreeNode): DeviceTreeNode | null {
  const index = stringsOf(node, 'interconnect-names').indexOf('dma-mem');
  if (index < 0) return node.parent;
  const named = referencesOf(tree, node, 'interconnects', { property: '#interconnect-cells' })[index];
  return named?.kind === 'to' ? named.provider : node.parent;
}

/** A bus whose addresses Linux translates at all (OF_CHECK_COUNTS in drivers/of/address.c). */
const usable = ({ na, ns }: Bus): boolean => na > 0 && na <= MAX_ADDRESS_CELLS && ns > 0 && ns <= 0xff;

function badCells(at: DeviceTreeNode, { na, ns }: Bus): Translation {
  return none('cells', at, `below ${at.path} an address has ${na} cells and a size ${ns}: nothing a CPU could address`);
}

function none(cause: (Translation & { kind: 'none' })['cause'], at: DeviceTreeNode, reason: string): Translation {
  return { kind: 'none', cause, at, reason };
}

/** The PowerPC machines whose missing `ranges` count as empty (of_empty_ranges_quirk in drivers/of/address.c). */
function excused(tree: DeviceTree, node: DeviceTreeNode): boolean {
  const machine = compatibleOf(tree.root);
  return compatibleOf(node).includes('1682m-sdc') || machine.includes('Power Macintosh') || machine.includes('MacRISC');
}
