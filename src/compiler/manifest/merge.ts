import type { Entry, MapNode, Node } from '../source/index.ts';

/**
 * Lays one document over another: maps are merged key by key, lists and scalars replaced. Every value keeps the place
 * in the file that it came from; a merged map has the place of the upper one.
 */
export function mergeOver(lower: MapNode, upper: MapNode): MapNode {
  const entries = new Map<string, Entry>(lower.entries.map((entry) => [entry.key, entry]));
  for (const entry of upper.entries) {
    const below = entries.get(entry.key);
    entries.set(entry.key, below ? { ...entry, value: mergeValues(below.value, entry.value) } : entry);
  }
  return { kind: 'map', at: upper.at, entries: [...entries.values()] };
}

const mergeValues = (lower: Node, upper: Node): Node =>
  lower.kind === 'map' && upper.kind === 'map' ? mergeOver(lower, upper) : upper;
