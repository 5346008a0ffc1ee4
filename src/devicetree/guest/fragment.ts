import { hex, type DeviceTree, type DeviceTreeNode } from '../../model/index.ts';
import { busOf } from '../bus.ts';
import { baseName, cellsOf, numberAt, u32Of } from '../cells.ts';
import { isCompatible } from '../compatible.ts';
import type { GuestContext } from './context.ts';
import type { Labels } from './labels.ts';
import type { PlacedUnit } from './layout.ts';
import { remark, type GuestLine, type GuestNode } from './node.ts';
import { cellCounts, guestLines } from './properties.ts';
import { guestAddresses } from './registers.ts';

/**
 * The node of a unit as its guest sees it (R-GUEST-4): below a root with two cells for addresses and two for sizes,
 * with the nodes that go along below it. Addresses below the node itself stay those of the host's bus; its `ranges` lead them
 * to where the guest has them. Labels are given to assigned devices, and to nodes that others refer to.
 */
export function guestFragment(tree: DeviceTree, unit: PlacedUnit, labels: Labels, controller: string): GuestNode {
  const { device, inside: devices } = unit;
  const inside = new Set([device.node]);
  for (const node of tree.nodes) if (device.included.has(node.path)) inside.add(node);
  const own = labels.give(device.node, device.name);
  const context: GuestContext = {
    tree,
    unit,
    inside,
    devices: new Map([device, ...devices].map((one) => [one.node, one])),
    labels,
    labelFor: (node) => `${own}_${node.name}`,
    controller,
  };
  for (const one of devices) labels.give(one.node, one.name);
  const start = guestAddresses(context)[0]?.address ?? unit.windows[0]?.guest;
  const name =
    start === undefined ? `${baseName(device.node)}-${own}` : `${baseName(device.node)}@${hex(start).slice(2)}`;
  return guestNode(context, device.node, name);
}

function guestNode(context: GuestContext, node: DeviceTreeNode, name: string): GuestNode {
  const units = new Set<string>();
  const included = node.children.filter((child) => context.inside.has(child));
  const hostGraphs = included.filter((child) => isHostGraph(context, child));
  const remaining = included
    .filter((child) => !hostGraphs.includes(child))
    .map((child) => guestNode(context, child, uniqueName(childName(child), units)));
  const children = GRAPH.test(baseName(node)) ? remaining.map((child) => loneEnd(child, remaining.length)) : remaining;
  const lines = guestLines(context, node);
  const needed = children.some((child) => child.lines.some((line) => isAddress(line)));
  const graphs = hostGraphs.map((child) => remark(`${child.name}: left out, it leads to devices of the host`));
  return { name, source: node, lines: [...cellCounts(node, lines, needed), ...lines, ...graphs], children };
}

const isAddress = (line: GuestLine): boolean =>
  line.kind === 'property' && (line.name === 'reg' || line.name === 'ranges');

/** What dtc insists on calling so. */
const GRAPH_PART = /^(port|endpoint)$/;
const GRAPH = /^((in|out)-)?ports?$/;

/** The only port or end of a graph needs no number, and `dtc` wants none. */
function loneEnd(node: GuestNode, beside: number): GuestNode {
  if (beside > 1 || !node.name.endsWith('@0')) return node;
  const lines = node.lines.filter((line) => line.kind !== 'property' || line.name !== 'reg');
  return { ...node, name: node.name.slice(0, -2), lines };
}

/** A port, or several, of which no end goes along (the graph bindings: Documentation/devicetree/bindings/graph.txt). */
function isHostGraph({ tree, inside }: GuestContext, node: DeviceTreeNode): boolean {
  if (!GRAPH.test(baseName(node))) return false;
  const open = [node];
  for (let at = open.pop(); at; at = open.pop()) {
    const remote = u32Of(at, 'remote-endpoint');
    const end = remote === null ? undefined : tree.byPhandle.get(remote);
    if (end && inside.has(end)) return false;
    open.push(...at.children);
  }
  return true;
}

/** The name of a node below the unit's: as on the host, but with a unit address where and only where it has one. */
function childName(node: DeviceTreeNode): string {
  const [base = '', unit] = node.name.split('@');
  const address = unitAddress(node);
  if (address === null) return unit === undefined ? node.name : GRAPH_PART.test(base) ? base : `${base}-${unit}`;
  const exact = node.parent && isCompatible(node.parent, SIMPLE_BUS);
  return exact || unit === undefined || /^(0x|0[0-9a-f])/i.test(unit) ? `${base}@${address.toString(16)}` : node.name;
}

/** What a unit address stands for: where the registers begin, else where the first window of `ranges` does. */
function unitAddress(node: DeviceTreeNode): bigint | null {
  const { parent } = node;
  if (!parent) return null;
  const { na } = busOf(parent);
  const registers = node.properties.get('reg');
  if (registers && registers.length > 0) return numberAt(cellsOf(registers), 0, na);
  const windows = node.properties.get('ranges');
  return windows ? numberAt(cellsOf(windows), busOf(node).na, na) : null;
}

/** Two nodes beside each other may have one address on the host; `dtc` wants their names to tell them apart behind the `@`. */
function uniqueName(name: string, units: Set<string>): string {
  const unit = name.split('@')[1] ?? null;
  if (unit === null) return name;
  let unique = unit;
  for (let number = 1; units.has(unique); number += 1) unique = `${unit},${number}`;
  units.add(unique);
  return name.replace(/@.*/, `@${unique}`);
}

/** The bus whose children are called exactly as their registers begin (`simple_bus_reg` of dtc). */
const SIMPLE_BUS: ReadonlySet<string> = new Set(['simple-bus']);
