import type { DeviceTree } from '../../src/model/index.ts';
import type { PlainTree } from './dtc-output.ts';

const hexOf = (value: Uint8Array | undefined): string =>
  value ? `[${Buffer.from(value).toString('hex')}]` : 'nothing';

const equal = (a: Uint8Array, b: Uint8Array | undefined): boolean => b !== undefined && Buffer.compare(a, b) === 0;

/** A tree of ours without what makes it easy to walk. */
export const plain = (tree: DeviceTree): PlainTree =>
  new Map(tree.nodes.map(({ path, properties }) => [path, properties]));

/** Every difference between two trees, property by property; `ordered`: of the order as well. */
export function differences(ours: PlainTree, theirs: PlainTree, ordered: boolean): string[] {
  const found: string[] = [];
  const names = (what: string, a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>): void => {
    for (const name of a.keys()) if (!b.has(name)) found.push(`${what} ${name}: ours alone`);
    for (const name of b.keys()) if (!a.has(name)) found.push(`${what} ${name}: theirs alone`);
    if (ordered && [...a.keys()].join('\0') !== [...b.keys()].join('\0')) found.push(`${what}: in another order`);
  };
  names('nodes', ours, theirs);
  for (const [path, properties] of ours) {
    const others = theirs.get(path);
    if (!others) continue;
    names(path, properties, others);
    for (const [name, value] of properties) {
      const other = others.get(name);
      if (other && !equal(value, other)) found.push(`${path}: ${name}: ours ${hexOf(value)}, theirs ${hexOf(other)}`);
    }
  }
  return found;
}
