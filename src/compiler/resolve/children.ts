import { baseName, findNode } from '../../devicetree/index.ts';
import { type DeviceTree, type DeviceTreeNode, nearNames } from '../../model/index.ts';
import type { DeviceManifest, Diagnostic, Manifest, Path, Related, ResolvedChildren } from '../../model/index.ts';
import { childAmbiguous, childNotFound } from './diagnostics-of-parts.ts';

type Children = DeviceManifest['children'];

/** Comparing a name with those of all children takes time; a person reads the first few. */
const NEAR_NAMES_FOR = 20;
const LISTED = 12;

/**
 * Which nodes below a device's own go with it (R-TREE-1): all, unless `children` chooses.
 *
 * @param path of the device's entry in the manifest
 */
export function chooseChildren(
  tree: DeviceTree,
  node: DeviceTreeNode,
  written: Children,
  path: Path,
  manifest: Manifest,
): { readonly children: ResolvedChildren; readonly diagnostics: readonly Diagnostic[] } {
  const at = manifest.at([...path, 'children']);
  if (!written) return { children: { ...partition(node, () => 'all'), at }, diagnostics: [] };
  const key = 'include' in written ? 'include' : 'exclude';
  const names = 'include' in written ? written.include : written.exclude;
  const chosen = new Set<DeviceTreeNode>();
  const diagnostics: Diagnostic[] = [];
  for (const [index, name] of names.entries()) {
    const found = descendantsCalled(tree, node, name);
    const [only, ...others] = found;
    if (only && others.length === 0) chosen.add(only);
    else {
      const place = manifest.at([...path, 'children', key, index]);
      const near = (): Related[] => (diagnostics.length < NEAR_NAMES_FOR ? nearChildren(node, name) : []);
      diagnostics.push(only ? ambiguous(name, found, place) : notFound(name, node, near(), place));
    }
  }
  const wayTo = new Set<DeviceTreeNode>();
  for (const one of chosen) for (let up = one.parent; up && up !== node; up = up.parent) wayTo.add(up);
  const parts =
    key === 'exclude'
      ? partition(node, (child) => (chosen.has(child) ? 'none' : 'some'))
      : partition(node, (child) => (chosen.has(child) ? 'all' : wayTo.has(child) ? 'some' : 'none'));
  return { children: { ...parts, at }, diagnostics };
}

/** What a device's choice means for a device below it. */
export function childrenBelow(choice: ResolvedChildren, path: string): ResolvedChildren {
  const below = (paths: readonly string[]): string[] => paths.filter((one) => one.startsWith(`${path}/`));
  return { included: below(choice.included), excluded: below(choice.excluded), at: choice.at };
}

/** How much of a subtree goes along: all of it, what the same question says of its children, or nothing. */
type Share = 'all' | 'some' | 'none';

function partition(node: DeviceTreeNode, shareOf: (child: DeviceTreeNode) => Share) {
  const included: string[] = [];
  const excluded: string[] = [];
  const visit = (parent: DeviceTreeNode, inherited: Share): void => {
    for (const child of parent.children) {
      const share = inherited === 'all' ? 'all' : shareOf(child);
      (share === 'none' ? excluded : included).push(child.path);
      if (share !== 'none') visit(child, share);
    }
  };
  visit(node, 'some');
  return { included, excluded };
}

/** The nodes below a device that a name may stand for: a path or label of the tree, or names from the device on. */
function descendantsCalled(tree: DeviceTree, node: DeviceTreeNode, name: string): readonly DeviceTreeNode[] {
  if (name.startsWith('/') || name.startsWith('&')) {
    const found = findNode(tree, name);
    const nodes = found.kind === 'node' ? [found.node] : found.kind === 'ambiguous' ? found.candidates : [];
    return nodes.filter(({ path }) => path.startsWith(node.path === '/' ? '/' : `${node.path}/`) && path !== '/');
  }
  let at: readonly DeviceTreeNode[] = [node];
  for (const part of name.split('/')) at = at.flatMap((one) => childrenCalled(one, part));
  return at;
}

function childrenCalled(node: DeviceTreeNode, name: string): DeviceTreeNode[] {
  const exact = node.children.find((child) => child.name === name);
  return exact ? [exact] : node.children.filter((child) => baseName(child) === name);
}

function nearChildren(node: DeviceTreeNode, name: string): Related[] {
  const names = node.children.map((child) => child.name);
  const near = nearNames(
    name.slice(name.lastIndexOf('/') + 1),
    names.flatMap((one) => [one, one.split('@')[0] ?? one]),
  );
  const listed = names.filter((one) => near.includes(one) || near.includes(one.split('@')[0] ?? one));
  return (listed.length > 0 ? listed : names).slice(0, LISTED).map((message) => ({ message }));
}

function notFound(name: string, node: DeviceTreeNode, related: Related[], at: Diagnostic['at']): Diagnostic {
  const what =
    node.children.length === 0 ? 'It has no children at all: leave "children" out.' : 'Its children are listed below.';
  const detail = `${node.path} has no child "${name}". ${related.length > 0 || node.children.length === 0 ? what : 'Look at the others first.'}`;
  return childNotFound({ detail, at, related });
}

function ambiguous(name: string, found: readonly DeviceTreeNode[], at: Diagnostic['at']): Diagnostic {
  const detail = `"${name}" may be ${found.length} children. Write the unit address too: "${found[0]?.name ?? name}".`;
  return childAmbiguous({ detail, at, related: found.slice(0, LISTED).map(({ path }) => ({ message: path })) });
}
