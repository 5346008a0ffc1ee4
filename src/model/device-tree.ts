import { invariant } from './invariant.ts';
import { LIMITS } from './limits.ts';

/** One node of a device tree. */
export interface DeviceTreeNode {
  /** Full path with unit addresses: `/` for the root, else `/soc@ffe000000/usb@210000`. */
  readonly path: string;
  /** Last component of the path, with its unit address; empty for the root. */
  readonly name: string;
  readonly parent: DeviceTreeNode | null;
  readonly children: readonly DeviceTreeNode[];
  /** Raw values, big-endian as in the blob, in the order of the blob. */
  readonly properties: ReadonlyMap<string, Uint8Array>;
}

/** A device tree: where it comes from (a blob, a running kernel, a snapshot) no longer shows. */
export interface DeviceTree {
  readonly root: DeviceTreeNode;
  /** Every node, parents before children, in the order of the source. */
  readonly nodes: readonly DeviceTreeNode[];
  readonly byPath: ReadonlyMap<string, DeviceTreeNode>;
  /** By `phandle` (or the older `linux,phandle`). */
  readonly byPhandle: ReadonlyMap<number, DeviceTreeNode>;
}

/** One node as a list holds it: the form of a snapshot, and what every source of a tree is turned into first. */
export interface FlatNode {
  readonly path: string;
  readonly properties: ReadonlyMap<string, Uint8Array>;
}

/** A node as a snapshot has it: values in hexadecimal digits. */
export interface SnapshotNode {
  readonly path: string;
  readonly properties: { readonly [name: string]: string };
}

/** Reads the values of a snapshot's node; that they are pairs of hexadecimal digits is the snapshot's promise. */
export const flatNode = ({ path, properties }: SnapshotNode): FlatNode => ({
  path,
  properties: new Map(Object.entries(properties).map(([name, digits]) => [name, fromHex(digits)])),
});

/** A node as a snapshot has it. */
export const snapshotNode = ({ path, properties }: FlatNode): SnapshotNode => ({
  path,
  properties: Object.fromEntries([...properties].map(([name, value]) => [name, toHex(value)])),
});

function fromHex(digits: string): Uint8Array {
  const value = new Uint8Array(digits.length / 2);
  for (let at = 0; at < value.length; at++) {
    value[at] = (nibble(digits.charCodeAt(2 * at)) << 4) | nibble(digits.charCodeAt(2 * at + 1));
  }
  return value;
}

/** Of the code of a lower-case hexadecimal digit. */
const nibble = (code: number): number => (code < 0x3a ? code - 0x30 : code - 0x57);

function toHex(value: Uint8Array): string {
  const digits = '0123456789abcdef';
  let text = '';
  for (const byte of value) text += digits.charAt(byte >> 4) + digits.charAt(byte & 0xf);
  return text;
}

interface GrowingNode extends DeviceTreeNode {
  readonly children: DeviceTreeNode[];
}

/**
 * How deep a tree may be, the root not counted: what Linux unflattens (FDT_MAX_DEPTH in drivers/of/fdt.c). Deeper ones are
 * refused by whoever reads a tree, so that nothing behind has to fear recursion.
 */
export const MAX_TREE_DEPTH = LIMITS.deviceTree.depth;

/** The path of a node's parent; null for the root. */
export const parentPath = (path: string): string | null =>
  path === '/' ? null : path.slice(0, Math.max(1, path.lastIndexOf('/')));

/** Path of a child of `parent`. */
export const childPath = (parent: string, name: string): string => (parent === '/' ? `/${name}` : `${parent}/${name}`);

/** A property that is one 32-bit cell; null where it is absent or has another length. */
export function cellOf(properties: ReadonlyMap<string, Uint8Array>, name: string): number | null {
  const value = properties.get(name);
  if (value?.length !== 4) return null;
  return new DataView(value.buffer, value.byteOffset, 4).getUint32(0);
}

/**
 * The tree of a list of nodes.
 *
 * The list is one that a reader of trees has checked: the root first, parents before children, no path twice, at most
 * {@link MAX_TREE_DEPTH} deep. Anything else is a mistake of that reader, and an invariant here. Of two nodes with one
 * phandle the first keeps it, as in Linux (of_find_node_by_phandle).
 */
export function treeOf(list: Iterable<FlatNode>): DeviceTree {
  const nodes: GrowingNode[] = [];
  const byPath = new Map<string, GrowingNode>();
  const byPhandle = new Map<number, DeviceTreeNode>();
  for (const { path, properties } of list) {
    const above = parentPath(path);
    const parent = above === null ? null : byPath.get(above);
    invariant(parent !== undefined && !byPath.has(path), `device tree: ${path} is out of place`);
    const name = path === '/' ? '' : path.slice(path.lastIndexOf('/') + 1);
    const node: GrowingNode = { path, name, parent, children: [], properties };
    parent?.children.push(node);
    nodes.push(node);
    byPath.set(path, node);
    const phandle = cellOf(properties, 'phandle') ?? cellOf(properties, 'linux,phandle');
    if (phandle !== null && !byPhandle.has(phandle)) byPhandle.set(phandle, node);
  }
  const root = nodes[0];
  invariant(root?.path === '/', 'device tree: a list starts with its root');
  return { root, nodes, byPath, byPhandle };
}

/** A tree as an inventory has it. */
export interface SnapshotTree {
  nodes: SnapshotNode[];
}

/** What a tree of an inventory says does not change, and is read once: by planning, by the digest, by a simulated kernel. */
const trees = new WeakMap<SnapshotTree, DeviceTree>();

/** The tree of an inventory; the same one each time. */
export function treeIn(snapshot: SnapshotTree): DeviceTree {
  const known = trees.get(snapshot);
  if (known) return known;
  const tree = treeOf(snapshot.nodes.map(flatNode));
  trees.set(snapshot, tree);
  return tree;
}

/** A tree for an inventory. Its digits are written when somebody asks for them: planning does not. */
export function snapshotOf(tree: DeviceTree): SnapshotTree {
  let nodes: SnapshotNode[] | undefined;
  const snapshot: SnapshotTree = {
    get nodes() {
      return (nodes ??= tree.nodes.map(snapshotNode));
    },
  };
  trees.set(snapshot, tree);
  return snapshot;
}
