import { childPath, treeOf, type DeviceTree, type DeviceTreeNode, type FlatNode } from '../model/index.ts';

/**
 * The value of a property as tests write it: `true` is an empty value, a number one cell, a bigint two, a list of them so
 * many cells, a string itself with its NUL, a list of strings one after the other, bytes themselves.
 */
export type PropertyLiteral =
  true | number | bigint | string | readonly (number | bigint)[] | readonly string[] | Uint8Array;

/** A node: what is an object is a child, everything else a property. */
export interface NodeLiteral {
  readonly [name: string]: PropertyLiteral | NodeLiteral;
}

/** A device tree from a literal: `deviceTree({ 'soc@0': { compatible: 'simple-bus', reg: [0, 0x1000] } })`. */
export function deviceTree(root: NodeLiteral): DeviceTree {
  return treeOf(flatten('/', root));
}

/** The node at a path, which the test knows to be there. */
export function nodeAt(tree: DeviceTree, path: string): DeviceTreeNode {
  const node = tree.byPath.get(path);
  if (!node) throw new Error(`the tree of the test has no ${path}`);
  return node;
}

function* flatten(path: string, literal: NodeLiteral): Generator<FlatNode> {
  const properties = new Map<string, Uint8Array>();
  for (const [name, value] of Object.entries(literal)) if (!isNode(value)) properties.set(name, valueOf(value));
  yield { path, properties };
  for (const [name, value] of Object.entries(literal)) if (isNode(value)) yield* flatten(childPath(path, name), value);
}

function isNode(value: PropertyLiteral | NodeLiteral): value is NodeLiteral {
  return typeof value === 'object' && !Array.isArray(value) && !(value instanceof Uint8Array);
}

function valueOf(value: PropertyLiteral): Uint8Array {
  if (value === true) return new Uint8Array();
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'string') return new TextEncoder().encode(`${value}\0`);
  const list: readonly (number | bigint | string)[] = typeof value === 'object' ? value : [value];
  const texts = list.filter((entry) => typeof entry === 'string');
  if (texts.length > 0) return new TextEncoder().encode(texts.map((text) => `${text}\0`).join(''));
  const cells = list.flatMap((entry) =>
    typeof entry === 'bigint'
      ? [Number(BigInt.asUintN(32, entry >> 32n)), Number(BigInt.asUintN(32, entry))]
      : [Number(entry) >>> 0],
  );
  const bytes = new Uint8Array(cells.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [index, cell] of cells.entries()) view.setUint32(index * 4, cell);
  return bytes;
}
