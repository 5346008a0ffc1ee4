import { createHash } from 'node:crypto';
import type { HostInventory } from '../../model/index.ts';
import { canonicalInventory } from './canonical.ts';
import { withoutIdentifiers } from './tree-secrets.ts';

/**
 * `sha256:<hex>` of everything in an inventory that does not change by itself, so that a plan can be tied to the host
 * it was made for; the device tree is part of it. A live inventory and its capture have the same digest, with identifiers or without.
 */
export function digestOf({ deviceTree, ...inventory }: HostInventory): string {
  const canonical = canonicalInventory(inventory, { identifiers: false, volatile: false });
  const hash = createHash('sha256').update(JSON.stringify(canonical));
  // A tree is most of an inventory that has one, and does not change while it is planned for: it is hashed once.
  if (deviceTree) hash.update(`\n${treeDigest(deviceTree)}`);
  return `sha256:${hash.digest('hex')}`;
}

type Tree = NonNullable<HostInventory['deviceTree']>;
const treeDigests = new WeakMap<Tree, string>();

function treeDigest(tree: Tree): string {
  const known = treeDigests.get(tree);
  if (known !== undefined) return known;
  const text = JSON.stringify(withoutIdentifiers(tree.nodes));
  const digest = createHash('sha256').update(text).digest('hex');
  treeDigests.set(tree, digest);
  return digest;
}
