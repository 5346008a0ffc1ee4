import type { DeviceTree } from '../../src/devicetree/tree.ts';

/** A check of every tree of the corpus beyond its bytes: returns what is wrong, a line each. */
export type TreeCheck = (tree: DeviceTree) => readonly string[];

/** One line for each; the name stands in front of what it finds. */
const CHECKS: Readonly<Record<string, TreeCheck>> = {
  'parents and children agree': (tree) =>
    tree.nodes.flatMap((node) => (node === tree.root || node.parent?.children.includes(node) ? [] : [node.path])),
};

/** What every check of {@link CHECKS} has to say about a tree. */
export function checkTree(tree: DeviceTree): string[] {
  return Object.entries(CHECKS).flatMap(([name, check]) => check(tree).map((what) => `${name}: ${what}`));
}
