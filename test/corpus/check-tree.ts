import { correlate } from '../../src/devicetree/correlate.ts';
import { linuxDevices } from '../../src/devicetree/linux-devices.ts';
import type { DeviceTree } from '../../src/model/index.ts';
import { inventoryFromTree } from '../../src/runtime/inventory/from-tree.ts';
import { contradictionsIn } from '../../src/runtime/inventory/snapshot-consistency.ts';

/** A check of every tree of the corpus beyond its bytes: returns what is wrong, a line each. */
export type TreeCheck = (tree: DeviceTree) => readonly string[];

/** One line for each; the name stands in front of what it finds. */
const CHECKS: Readonly<Record<string, TreeCheck>> = {
  'parents and children agree': (tree) =>
    tree.nodes.flatMap((node) => (node === tree.root || node.parent?.children.includes(node) ? [] : [node.path])),
  'a snapshot of it holds together': (tree) => contradictionsIn(inventoryFromTree(tree)).map(({ detail }) => detail),
  'regions and interrupts have places': (tree) =>
    linuxDevices(tree).flatMap(({ node, bus }) =>
      correlate(tree, node, { bus, ranges: 'translate', interruptMap: 'translate' })
        .filter(({ vfioIndex, reason }) => vfioIndex !== null && reason !== null)
        .map(({ path, property, dtIndex }) => `${path} ${property} ${dtIndex} is exposed and leads nowhere`),
    ),
};

/** What every check of {@link CHECKS} has to say about a tree. */
export function checkTree(tree: DeviceTree): string[] {
  return Object.entries(CHECKS).flatMap(([name, check]) => check(tree).map((what) => `${name}: ${what}`));
}
