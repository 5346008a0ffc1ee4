import { type HostInventory, MAX_TREE_DEPTH, parentPath } from '../../model/index.ts';
import type { Contradiction } from './contradiction.ts';

/**
 * What is wrong with the device tree of a snapshot, and with what its devices say of it. A list without findings is one
 * that `treeOf` of the model takes. Linear in the length of its paths.
 */
export function treeContradictionsIn({ deviceTree, devices }: HostInventory): Contradiction[] {
  const found: Contradiction[] = [];
  const depths = new Map<string, number>();
  for (const [index, { path }] of (deviceTree?.nodes ?? []).entries()) {
    const detail = nodeFault(path, index, depths);
    if (detail !== null) found.push({ way: ['deviceTree', 'nodes', index, 'path'], detail });
  }
  for (const [index, device] of devices.entries()) {
    if (device.bus === 'pci' || device.treePath === null || depths.has(device.treePath)) continue;
    const detail = deviceTree
      ? `The device ${device.address} is made from ${device.treePath}, which the snapshot's device tree does not have.`
      : `The device ${device.address} is made from ${device.treePath}, and the snapshot has no device tree.`;
    found.push({ way: ['devices', index, 'treePath'], detail });
  }
  return found;
}

/**
 * What is wrong with the place of one node, the ones before it given; null where nothing is, and then it is noted. A node
 * below one that is wrong is not reported again.
 */
function nodeFault(path: string, index: number, depths: Map<string, number>): string | null {
  if (index === 0 || path === '/') {
    if (index !== 0) return 'The root of the device tree is listed twice.';
    depths.set('/', 0).set(path, path === '/' ? 0 : 1);
    return path === '/' ? null : `The device tree begins with ${path}, and not with its root "/".`;
  }
  // The path is compared with the host's own: it must not lead anywhere else.
  if (/\/\.{0,2}(?:\/|$)/.test(path) || /[^\x21-\x7e]/.test(path)) {
    return `"${path.slice(0, 200)}" cannot be the path of a node.`;
  }
  if (depths.has(path)) return `The node ${path} is listed twice.`;
  const above = depths.get(parentPath(path) ?? '/');
  // Noted all the same, so that nodes below are judged by themselves.
  depths.set(path, (above ?? 0) + 1);
  if (above === undefined) return `The node ${path} is listed before its parent, or without one.`;
  return above >= MAX_TREE_DEPTH ? `The node ${path} is more than ${MAX_TREE_DEPTH} levels deep.` : null;
}
