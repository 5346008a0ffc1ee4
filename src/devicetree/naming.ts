import { nearNames, type DeviceTree, type DeviceTreeNode } from '../model/index.ts';
import { stringOf } from './cells.ts';

/** What a user's name for a node stands for. */
export type NodeLookup =
  | { readonly kind: 'node'; readonly node: DeviceTreeNode; readonly by: 'path' | 'alias' | 'label' }
  /** Several nodes, in the order of the tree. */
  | { readonly kind: 'ambiguous'; readonly candidates: readonly DeviceTreeNode[] }
  /** None. `near` has up to five names, in the form that the user wrote, that may have been meant; looked for when read. */
  | { readonly kind: 'unknown'; readonly near: readonly string[] };

/** How many nodes an ambiguous name may list. */
const MAX_CANDIDATES = 20;

/** The aliases of a tree: the properties of /aliases that lead to a node (of_alias_scan in drivers/of/base.c). */
export const aliasesOf = (tree: DeviceTree): ReadonlyMap<string, DeviceTreeNode> => namesIn(tree, '/aliases');

/** The labels of a tree: /__symbols__, which `dtc -@` writes. */
export const labelsOf = (tree: DeviceTree): ReadonlyMap<string, DeviceTreeNode> => namesIn(tree, '/__symbols__');

function namesIn(tree: DeviceTree, table: string): ReadonlyMap<string, DeviceTreeNode> {
  const names = new Map<string, DeviceTreeNode>();
  const holder = tree.byPath.get(table);
  for (const name of holder?.properties.keys() ?? []) {
    if (!holder || name === 'name' || name === 'phandle' || name === 'linux,phandle') continue;
    const path = stringOf(holder, name);
    const node = path?.startsWith('/') ? tree.byPath.get(withoutEndingSlash(path)) : undefined;
    if (node) names.set(name, node);
  }
  return names;
}

/**
 * The node that a name stands for: a path (`/soc@ffe000000/usb@210000`), an alias (`usb0`), an alias and a path below it
 * (`usb0/hub@1`), or a label (`&usb0`), and below a label a path too. A part of a path may leave its unit address out
 * where only one child has the name; a child of exactly that name comes first (of_find_node_opts_by_path in
 * drivers/of/base.c takes none but exact names).
 */
export function findNode(tree: DeviceTree, name: string): NodeLookup {
  const trimmed = withoutEndingSlash(name);
  if (trimmed.startsWith('/')) return walk(tree, [tree.root], '', trimmed, 'path');
  const label = trimmed.startsWith('&');
  const table = label ? labelsOf(tree) : aliasesOf(tree);
  const slash = trimmed.indexOf('/');
  const head = slash < 0 ? trimmed : trimmed.slice(0, slash);
  const known = label ? head.slice(1) : head;
  const start = table.get(known);
  if (start) return walk(tree, [start], head, slash < 0 ? '' : trimmed.slice(slash), label ? 'label' : 'alias');
  return unknown(() => {
    const near = nearNames(known, table.keys()).map((found) => (label ? `&${found}` : found));
    return near.length > 0 || label ? near : nearLastNames(tree, known);
  });
}

/** Comparing a name with all of a large tree takes milliseconds, too long for a manifest of thousands of wrong names. */
const unknown = (near: () => readonly string[]): NodeLookup => ({
  kind: 'unknown',
  get near() {
    return near();
  },
});

/** Goes down from some nodes by the parts of a path. Several nodes at once: a part may be ambiguous, and the next decide. */
function walk(
  tree: DeviceTree,
  from: readonly DeviceTreeNode[],
  head: string,
  path: string,
  by: 'path' | 'alias' | 'label',
): NodeLookup {
  let at = from;
  let done = head;
  for (const part of path.split('/').filter((piece) => piece !== '')) {
    const next = at.flatMap((node) => childrenCalled(node, part));
    if (next.length === 0) {
      const [above, way] = [at, done];
      return unknown(() => nearChildren(tree, above, way, part));
    }
    at = next;
    done = `${done}/${part}`;
  }
  const [node, ...others] = at;
  if (!node) return { kind: 'unknown', near: [] };
  return others.length === 0
    ? { kind: 'node', node, by }
    : { kind: 'ambiguous', candidates: at.slice(0, MAX_CANDIDATES) };
}

function childrenCalled(node: DeviceTreeNode, part: string): DeviceTreeNode[] {
  const exact = node.children.find(({ name }) => name === part);
  if (exact) return [exact];
  if (part.includes('@')) return [];
  return node.children.filter(({ name }) => name.startsWith(`${part}@`));
}

/** Children with a near name; where none is, paths anywhere that end in the part that was not found. */
function nearChildren(tree: DeviceTree, at: readonly DeviceTreeNode[], done: string, part: string): string[] {
  const here = nearNames(
    part,
    at.flatMap(({ children }) => children.map(({ name }) => name)),
  );
  return here.length > 0 ? here.map((name) => `${done}/${name}`) : nearLastNames(tree, part);
}

/** Paths of nodes whose own name is the one, with or without unit address, or near it; at most five. */
function nearLastNames(tree: DeviceTree, name: string): string[] {
  const same = tree.nodes.filter((node) => node.parent && (node.name === name || node.name.startsWith(`${name}@`)));
  if (same.length > 0) return same.slice(0, 5).map(({ path }) => path);
  const byName = new Map<string, string>();
  for (const node of tree.nodes) if (node.name !== '' && !byName.has(node.name)) byName.set(node.name, node.path);
  return nearNames(name, byName.keys()).map((found) => byName.get(found) ?? found);
}

const withoutEndingSlash = (path: string): string => (path.length > 1 ? path.replace(/\/+$/, '') || '/' : path);
