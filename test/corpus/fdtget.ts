import type { DeviceTree, DeviceTreeNode } from '../../src/model/index.ts';
import { told } from './tools.ts';

/** Bytes of arguments for one run; Linux takes 2 MiB of them. */
const MAX_ARGUMENTS = 512 * 1024;

interface Place {
  readonly path: string;
  readonly name: string;
  readonly value: Uint8Array;
}

/** What `fdtget` was asked for. */
export interface FdtgetOutcome {
  readonly compared: number;
  /** Properties of nodes that it cannot name. */
  readonly unnamed: number;
  readonly problems: readonly string[];
}

/** Every property of a tree, compared with what `fdtget` prints for it. */
export function compareWithFdtget(file: string, tree: DeviceTree): FdtgetOutcome {
  const named = namedByLibfdt(tree);
  const all = tree.nodes.flatMap((node) =>
    [...node.properties].map(([name, value]) => ({ path: node.path, name, value, named: named.has(node) })),
  );
  const places = all.filter((place) => place.named);
  const problems: string[] = [];
  for (const batch of batches(places)) problems.push(...compareBatch(file, batch));
  return { compared: places.length, unnamed: all.length - places.length, problems };
}

/** The nodes that libfdt finds by their paths. */
export function namedByLibfdt(tree: DeviceTree): ReadonlySet<DeviceTreeNode> {
  const named = new Set<DeviceTreeNode>();
  for (const node of tree.nodes) {
    if (!node.parent || (named.has(node.parent) && isFound(node, node.parent))) named.add(node);
  }
  return named;
}

/**
 * Whether libfdt finds a node by its name: for `timer` it takes the first of `timer` and `timer@60005000`. Linux looks for
 * whole names, and so do we.
 */
function isFound(node: DeviceTreeNode, parent: DeviceTreeNode): boolean {
  return parent.children.find(({ name }) => name === node.name || name.startsWith(`${node.name}@`)) === node;
}

function* batches(places: readonly Place[]): Generator<readonly Place[]> {
  let batch: Place[] = [];
  let size = 0;
  for (const place of places) {
    batch.push(place);
    size += place.path.length + place.name.length + 18;
    if (size < MAX_ARGUMENTS) continue;
    yield batch;
    batch = [];
    size = 0;
  }
  if (batch.length > 0) yield batch;
}

function compareBatch(file: string, batch: readonly Place[]): string[] {
  const args = ['-t', 'bx', file, ...batch.flatMap(({ path, name }) => [path, name])];
  const lines = told('fdtget', args).toString().split('\n');
  if (lines.length !== batch.length + 1) return [`fdtget prints ${lines.length - 1} values of ${batch.length}`];
  return batch.flatMap(({ path, name, value }, index) => {
    const ours = Array.from(value, (byte) => byte.toString(16)).join(' ');
    const theirs = lines[index] ?? '';
    return ours === theirs ? [] : [`${path}: ${name}: ours [${ours}], fdtget [${theirs}]`];
  });
}
