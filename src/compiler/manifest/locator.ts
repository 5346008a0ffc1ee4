import type { Manifest, Path } from '../../model/index.ts';
import { type Entry, entryOf, type MapNode, type Node, type Place, spanOf } from '../source/index.ts';

interface Found {
  /** The value's place, if the whole path exists. */
  readonly value?: Place;
  /** The nearest key on the way. */
  readonly key: Place;
}

/** Answers where the values of a document stand, by path.  */
export function locator(root: MapNode): Pick<Manifest, 'at' | 'keyAt'> {
  const entryAt = mapIndex();
  const find = (path: Path): Found => {
    let node: Node = root;
    let key: Place = root.at;
    for (const step of path) {
      if (node.kind === 'map') {
        const next = entryAt(node, String(step));
        if (!next) return { key };
        key = next.keyAt;
        node = next.value;
      } else {
        const item: Node | undefined = node.kind === 'seq' ? node.items[Number(step)] : undefined;
        if (!item) return { key };
        key = item.at;
        node = item;
      }
    }
    return { key, value: node.at };
  };
  return {
    at: (path) => {
      const { value, key } = find(path);
      return spanOf(value ?? key);
    },
    keyAt: (path) => spanOf(find(path).key),
  };
}

/** From how many keys on an index is worth its memory. */
const LARGE = 16;

/** Finds entries by key, in constant time also in large maps: those get an index when they are first asked about. */
function mapIndex(): (map: MapNode, key: string) => Entry | undefined {
  const indexes = new Map<MapNode, ReadonlyMap<string, Entry>>();
  return (map, key) => {
    if (map.entries.length < LARGE) return entryOf(map, key);
    let index = indexes.get(map);
    if (!index) indexes.set(map, (index = new Map(map.entries.map((entry) => [entry.key, entry]))));
    return index.get(key);
  };
}
