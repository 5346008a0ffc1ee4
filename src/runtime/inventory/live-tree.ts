import { childPath, MAX_TREE_DEPTH, type SnapshotNode, snapshotNode } from '../../model/index.ts';
import type { HostFiles } from './host-files.ts';
import { HostPath } from './host-paths.ts';
import { isIdentifying } from './tree-secrets.ts';
import { MAX_PATH, MAX_PROPERTIES, MAX_VALUE_BYTES } from './tree-limits.ts';

/** How much is read in all. The largest tree in the kernel's own collection has 4,000 nodes and 300 KiB. */
const MAX_NODES = 250_000;
const MAX_BYTES = 64 << 20;

/**
 * The device tree that the running kernel works with; undefined where it has none.
 *
 * sysfs gives names in an order of its own, so nodes stand in the order of their names below each parent, and so do
 * properties: the same tree always reads the same. What cannot be read, or is beyond what a snapshot holds, is left out.
 */
export function readLiveTree(files: HostFiles, identifiers: boolean): SnapshotNode[] | undefined {
  if (!files.exists(HostPath.deviceTree)) return undefined;
  const nodes: SnapshotNode[] = [];
  let left = MAX_BYTES;
  const waiting: { path: string; depth: number }[] = [{ path: '/', depth: 0 }];
  for (let next = waiting.pop(); next && nodes.length < MAX_NODES; next = waiting.pop()) {
    const { path, depth } = next;
    const directory = `${HostPath.deviceTree}${path === '/' ? '' : path}`;
    const entries = [...files.entries(directory)].sort((a, b) => (a.name < b.name ? -1 : 1));
    const properties = new Map<string, Uint8Array>();
    const folders = new Set(entries.flatMap(({ name, folder }) => (folder ? [name] : [])));
    for (const { name: file, folder } of entries) {
      const name = propertyName(file, folders);
      // Linux adds `name` to each node (populate_properties in drivers/of/fdt.c): it says what the path says.
      if (folder || name === 'name' || properties.size >= MAX_PROPERTIES) continue;
      if (!identifiers && isIdentifying(path, name)) continue;
      const value = files.value(`${directory}/${file}`, Math.min(left, MAX_VALUE_BYTES));
      if (value === null) continue;
      left -= value.length;
      properties.set(name, value);
    }
    nodes.push(snapshotNode({ path, properties }));
    if (depth === MAX_TREE_DEPTH) continue;
    // The last one put on the stack is the first one taken.
    for (const { name, folder } of entries.reverse()) {
      const child = childPath(path, name);
      if (folder && child.length <= MAX_PATH) waiting.push({ path: child, depth: depth + 1 });
    }
  }
  // Without a tree of the firmware's, Linux 6.10 and later make an empty one (drivers/of/empty_root.dts).
  return nodes.length > 1 ? nodes : undefined;
}

/** A property with the name of a child is a file with a number behind (safe_name in drivers/of/kobj.c). */
function propertyName(file: string, folders: ReadonlySet<string>): string {
  const name = file.replace(/#\d+$/, '');
  return folders.has(name) ? name : file;
}
