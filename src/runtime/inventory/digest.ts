import { createHash } from 'node:crypto';
import type { HostInventory } from '../../model/index.ts';
import { treeIn } from '../../model/index.ts';
import { canonicalInventory } from './canonical.ts';
import { isIdentifying } from './tree-secrets.ts';

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
  const parts: Uint8Array[] = [];
  for (const { path, properties } of treeIn(tree).nodes) {
    parts.push(Buffer.from(`${path}\0`));
    for (const [name, value] of properties) {
      // The length says where the value ends: no two trees give the same bytes.
      if (!isIdentifying(path, name)) parts.push(Buffer.from(`${name}\0${value.length}\0`), value);
    }
    parts.push(Buffer.from('\0'));
  }
  const digest = createHash('sha256').update(Buffer.concat(parts)).digest('hex');
  treeDigests.set(tree, digest);
  return digest;
}
