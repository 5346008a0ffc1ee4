import { createHash } from 'node:crypto';
import type { HostInventory } from '../../model/index.ts';
import { canonicalInventory } from './canonical.ts';

/**
 * `sha256:<hex>` of everything in an inventory that does not change by itself, so that a plan can be tied to the host
 * it was made for. A live inventory and its capture have the same digest, with identifiers or without.
 */
export function digestOf(inventory: HostInventory): string {
  const canonical = canonicalInventory(inventory, { identifiers: false, volatile: false });
  return `sha256:${createHash('sha256').update(JSON.stringify(canonical)).digest('hex')}`;
}
