import { stringOf } from './cells.ts';
import type { DeviceTreeNode } from '../model/index.ts';

/**
 * Whether a node may be used: no `status` at all, or `okay` or `ok`. An empty `status` is not okay
 * (__of_device_is_available in drivers/of/base.c).
 */
export function isAvailable(node: DeviceTreeNode): boolean {
  if (!node.properties.has('status')) return true;
  const status = stringOf(node, 'status');
  return status === 'okay' || status === 'ok';
}

/**
 * The nearest node, this one or an ancestor, whose `status` keeps it from being used; null where there is none.
 * of_device_is_available itself looks at one node only, but what is below a disabled node is never populated.
 */
export function disabledBy(node: DeviceTreeNode): DeviceTreeNode | null {
  for (let at: DeviceTreeNode | null = node; at; at = at.parent) if (!isAvailable(at)) return at;
  return null;
}
