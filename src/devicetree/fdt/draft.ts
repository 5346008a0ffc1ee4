import { cellOf, childPath, treeOf, type DeviceTree, type DeviceTreeNode, type FlatNode } from '../../model/index.ts';

/** A node that may still change. */
export class DraftNode {
  readonly path: string;
  /** Levels below the root. */
  readonly depth: number;
  readonly properties = new Map<string, Uint8Array>();
  readonly children = new Map<string, DraftNode>();
  /** The first child for each name without its unit address; made when first asked for, so that many paths cost little. */
  private withoutUnit: Map<string, DraftNode> | null = null;

  constructor(
    parent: DraftNode | null,
    readonly name: string,
  ) {
    this.path = parent ? childPath(parent.path, name) : '/';
    this.depth = parent ? parent.depth + 1 : 0;
    if (!parent) return;
    parent.children.set(name, this);
    if (parent.withoutUnit) addWithoutUnit(parent.withoutUnit, this);
  }

  /** A child by its name; one without a unit address finds the first child that has one, as in libfdt. */
  child(name: string): DraftNode | null {
    const exact = this.children.get(name);
    if (exact || name.includes('@')) return exact ?? null;
    if (!this.withoutUnit) {
      this.withoutUnit = new Map();
      for (const child of this.children.values()) addWithoutUnit(this.withoutUnit, child);
    }
    return this.withoutUnit.get(name) ?? null;
  }

  /** Its phandle; null where it has none, or one of the two values that are none. */
  get phandle(): number | null {
    const value = cellOf(this.properties, 'phandle') ?? cellOf(this.properties, 'linux,phandle');
    return value === 0 || value === 0xffff_ffff ? null : value;
  }
}

function addWithoutUnit(first: Map<string, DraftNode>, child: DraftNode): void {
  const [base = ''] = child.name.split('@', 1);
  if (!first.has(base)) first.set(base, child);
}

/** A copy of a tree, with values of its own: they may be written into. */
export function draftOf(tree: DeviceTree): DraftNode {
  const copy = (node: DeviceTreeNode, parent: DraftNode | null): DraftNode => {
    const draft = new DraftNode(parent, node.name);
    for (const [name, value] of node.properties) draft.properties.set(name, new Uint8Array(value));
    for (const child of node.children) copy(child, draft);
    return draft;
  };
  return copy(tree.root, null);
}

/** A draft as the tree that it has become. */
export const treeOfDraft = (root: DraftNode): DeviceTree => treeOf(flatNodes(root));

/** A node and everything below, parents before children. */
export function* nodesOf(node: DraftNode): Generator<DraftNode> {
  yield node;
  for (const child of node.children.values()) yield* nodesOf(child);
}

function* flatNodes(root: DraftNode): Generator<FlatNode> {
  for (const { path, properties } of nodesOf(root)) yield { path, properties };
}

/**
 * The node at a path, as fdt_path_offset of libfdt finds it: one that does not begin with a slash begins with an alias,
 * repeated and last slashes do not count, unit addresses may be left out. Null where there is none.
 */
export function draftAt(root: DraftNode, path: string): DraftNode | null {
  if (path.startsWith('/')) return below(root, path);
  const [alias = '', ...rest] = path.split('/');
  const value = root.children.get('aliases')?.properties.get(alias);
  const [target = ''] = (value && stringsOf(value)) ?? [];
  const start = target.startsWith('/') ? below(root, target) : null;
  return start && below(start, rest.join('/'));
}

function below(start: DraftNode, path: string): DraftNode | null {
  let node: DraftNode | null = start;
  for (const name of path.split('/')) if (name !== '') node = node?.child(name) ?? null;
  return node;
}

/** A cell at any offset of a value; null where it would leave the value. */
export function cellAt(value: Uint8Array, offset: number): number | null {
  if (offset > value.length - 4) return null;
  return new DataView(value.buffer, value.byteOffset, value.byteLength).getUint32(offset);
}

/** Writes a cell into a value of a draft, where {@link cellAt} found one. */
export function setCell(value: Uint8Array, offset: number, cell: number): void {
  new DataView(value.buffer, value.byteOffset, value.byteLength).setUint32(offset, cell);
}

/** The strings of a value, one character a byte; null where the last one does not end. */
export function stringsOf(value: Uint8Array): string[] | null {
  if (value.length === 0) return [];
  if (value.at(-1) !== 0) return null;
  const list: string[] = [];
  let text = '';
  for (const byte of value) {
    if (byte === 0) {
      list.push(text);
      text = '';
    } else {
      text += String.fromCharCode(byte);
    }
  }
  return list;
}

/** A string as a value. */
export const stringValue = (text: string): Uint8Array =>
  Uint8Array.from(`${text}\0`, (character) => character.charCodeAt(0));

/** A cell as a value. */
export function cellValue(cell: number): Uint8Array {
  const value = new Uint8Array(4);
  setCell(value, 0, cell);
  return value;
}
