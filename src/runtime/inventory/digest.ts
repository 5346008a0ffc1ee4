import { createHash } from 'node:crypto';
import { type HostInventory, treeIn } from '../../model/index.ts';
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
  // Names and lengths as one text, values as one run of bytes: with the lengths, no two trees give the same of both.
  let text = '';
  let size = 0;
  const values: Uint8Array[] = [];
  for (const { path, properties } of treeIn(tree).nodes) {
    text += `${path}\n`;
    // In the order of an object, as a snapshot has them: there, names that are small numbers come first.
    for (const [name, value] of Object.entries(Object.fromEntries(properties))) {
      if (isIdentifying(path, name)) continue;
      text += `\t${name} ${value.length}\n`;
      size += value.length;
      values.push(value);
    }
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const value of values) {
    bytes.set(value, at);
    at += value.length;
  }
  const digest = createHash('sha256').update(`${text}\n`).update(bytes).digest('hex');
  treeDigests.set(tree, digest);
  return digest;
}
