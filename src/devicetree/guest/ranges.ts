import { busOf } from '../bus.ts';
import { propertyCells } from '../cells.ts';
import { rangesWindows, regRegions } from '../regions.ts';
import type { DeviceTree, DeviceTreeNode } from '../../model/index.ts';
import type { GuestWindow } from './layout.ts';
import { wide } from './node.ts';

/** The `ranges` of a unit's node for the guest, whose bus above has two cells for an address. */
export interface GuestRanges {
  readonly cells: readonly number[];
  /** Whether the host's property says more: something that VFIO does not give. */
  readonly cut: boolean;
}

/** A run of a bus's own addresses and where the CPU sees it; `flags` is the cell in front of an address, if the bus has one. */
interface Run {
  readonly child: bigint;
  readonly cpu: bigint;
  readonly size: bigint;
  readonly flags: readonly number[];
}

/**
 * Carries `ranges` over: addresses below the node stay as they are, and lead to where the guest has the windows of the
 * unit. What lies in no window is left out. Null where the node has no `ranges`.
 */
export function guestRanges(
  tree: DeviceTree,
  node: DeviceTreeNode,
  windows: readonly GuestWindow[],
): GuestRanges | null {
  if (!node.properties.has('ranges')) return null;
  const bus = busOf(node);
  const width = bus.na - bus.flagCells;
  const runs = runsOf(tree, node);
  let cut = false;
  const cells = runs.flatMap((run) => {
    let covered = 0n;
    const pieces = windows.flatMap((window) => {
      const start = max(run.cpu, window.start);
      const end = min(run.cpu + run.size, window.start + window.size);
      if (start >= end) return [];
      covered += end - start;
      const child = run.child + (start - run.cpu);
      const guest = window.guest + (start - window.start);
      return [...run.flags, ...spread(child, width), ...wide(guest), ...spread(end - start, bus.ns)];
    });
    if (covered < run.size) cut = true;
    return pieces;
  });
  return { cells, cut };
}

function runsOf(tree: DeviceTree, node: DeviceTreeNode): Run[] {
  const bus = busOf(node);
  const cells = propertyCells(node, 'ranges');
  if (cells.length === 0) return sameAsAbove(tree, node);
  const stride = bus.na + (node.parent ? busOf(node.parent).na : bus.na) + bus.ns;
  return rangesWindows(tree, node).flatMap(({ dtIndex, childAddress, cpuAddress, size }) => {
    if (cpuAddress.kind !== 'address' || size === 0n) return [];
    const flags = cells.slice(dtIndex * stride, dtIndex * stride + bus.flagCells);
    return [{ child: childAddress, cpu: cpuAddress.address, size, flags }];
  });
}

/** An empty `ranges`: an address below is one of the bus above. The registers of the node and its children show which. */
function sameAsAbove(tree: DeviceTree, node: DeviceTreeNode): Run[] {
  const runs: Run[] = [];
  const flags = new Array<number>(busOf(node).flagCells).fill(0);
  for (const at of [node, ...node.children]) {
    for (const { address, cpuAddress, size } of regRegions(tree, at)) {
      if (cpuAddress.kind !== 'address' || size === 0n) continue;
      const known = runs.some(
        (run) => run.cpu <= cpuAddress.address && cpuAddress.address + size <= run.cpu + run.size,
      );
      if (!known) runs.push({ child: address, cpu: cpuAddress.address, size, flags });
    }
  }
  return runs;
}

/** A number as so many cells; a bus that is narrower than the number has lost its upper part already. */
function spread(value: bigint, count: number): number[] {
  return Array.from({ length: count }, (_, index) =>
    Number(BigInt.asUintN(32, value >> BigInt(32 * (count - 1 - index)))),
  );
}

const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);
