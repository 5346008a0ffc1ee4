import { cellsOf, MAX_SPECIFIER_CELLS, u32Of } from './cells.ts';
import type { DeviceTree, DeviceTreeNode } from '../model/index.ts';

/** One entry of a list of phandles with arguments, such as `clocks` or `iommus`. */
export type Reference =
  | {
      readonly kind: 'to';
      /** Position in the list. */
      readonly dtIndex: number;
      readonly provider: DeviceTreeNode;
      readonly specifier: readonly number[];
    }
  /** A phandle of 0: an entry left out on purpose. */
  | { readonly kind: 'hole'; readonly dtIndex: number }
  /** Unreadable. Always the last one: where the next entry would start is unknown. */
  | { readonly kind: 'broken'; readonly dtIndex: number; readonly reason: string };

/** How long a specifier is: a property of the provider, or a fixed number of cells. */
export type SpecifierCells = { readonly property: string; readonly orElse?: number } | { readonly fixed: number };

/**
 * The entries of a list of phandles, read as of_phandle_iterator_next in drivers/of/base.c does: an entry that cannot be
 * read ends the list. An absent property is an empty list.
 */
export function referencesOf(
  tree: DeviceTree,
  node: DeviceTreeNode,
  property: string,
  specifierCells: SpecifierCells,
): Reference[] {
  const value = node.properties.get(property);
  const cells = value ? cellsOf(value) : [];
  const references: Reference[] = [];
  for (let at = 0; at < cells.length;) {
    const dtIndex = references.length;
    const phandle = cells[at] ?? 0;
    at += 1;
    if (phandle === 0) {
      references.push({ kind: 'hole', dtIndex });
      continue;
    }
    const provider = tree.byPhandle.get(phandle);
    const count = provider ? lengthFor(provider, specifierCells) : null;
    const reason = whyBroken(phandle, provider, count, cells.length - at, specifierCells);
    if (!provider || count === null || reason !== null) {
      references.push({ kind: 'broken', dtIndex, reason: reason ?? 'it cannot be read' });
      break;
    }
    references.push({ kind: 'to', dtIndex, provider, specifier: cells.slice(at, at + count) });
    at += count;
  }
  return references;
}

function lengthFor(provider: DeviceTreeNode, cells: SpecifierCells): number | null {
  if ('fixed' in cells) return cells.fixed;
  return u32Of(provider, cells.property) ?? cells.orElse ?? null;
}

function whyBroken(
  phandle: number,
  provider: DeviceTreeNode | undefined,
  count: number | null,
  left: number,
  cells: SpecifierCells,
): string | null {
  if (!provider) return `no node has the phandle 0x${phandle.toString(16)}`;
  if (count === null) return `${provider.path} has no ${'property' in cells ? cells.property : 'specifier'}`;
  if (count > MAX_SPECIFIER_CELLS) return `${provider.path} asks for ${count} cells, more than ${MAX_SPECIFIER_CELLS}`;
  if (count > left) return `${provider.path} asks for ${count} cells, and ${left} are left`;
  return null;
}
