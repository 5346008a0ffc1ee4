import { stringsOf } from './cells.ts';
import type { DeviceTreeNode } from '../model/index.ts';

/** What a node says it is, most specific first; empty where it says nothing. */
export const compatibleOf = (node: DeviceTreeNode): string[] => stringsOf(node, 'compatible');

/**
 * True where one of the node's compatibles is in the set, which holds them in lower case: letter case does not count
 * (of_compat_cmp in include/linux/of.h).
 */
export function isCompatible(node: DeviceTreeNode, wanted: ReadonlySet<string>): boolean {
  return compatibleOf(node).some((entry) => wanted.has(entry.toLowerCase()));
}
