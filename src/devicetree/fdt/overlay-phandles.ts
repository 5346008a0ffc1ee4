import { cellAt, draftAt, nodesOf, setCell, stringsOf, type DraftNode } from './draft.ts';
import { overlayProblem, type Found } from './overlay-problem.ts';

/** Both spellings of the property that makes a phandle. */
export const PHANDLES = ['phandle', 'linux,phandle'] as const;

/** The highest phandle; the one above is no phandle. */
const MAX_PHANDLE = 0xffff_fffe;

/** The highest phandle of a tree; 0 where it has none. */
export function highestPhandle(root: DraftNode): number {
  let highest = 0;
  for (const node of nodesOf(root)) highest = Math.max(highest, node.phandle ?? 0);
  return highest;
}

/** Moves the phandles of an overlay above those of its base. */
export function movePhandles(overlay: DraftNode, by: number): Found {
  for (const node of nodesOf(overlay)) {
    for (const name of PHANDLES) {
      const value = node.properties.get(name);
      if (!value) continue;
      const phandle = value.length === 4 ? cellAt(value, 0) : null;
      if (phandle === null) {
        return overlayProblem('phandle', `${name} of ${node.path} has ${value.length} bytes instead of 4`);
      }
      if (phandle === 0) return overlayProblem('phandle', `${name} of ${node.path} is 0, which is no phandle`);
      if (phandle + by > MAX_PHANDLE) {
        return overlayProblem('phandle', `no phandle is left for ${node.path} above those of the base`);
      }
      setCell(value, 0, phandle + by);
    }
  }
  return null;
}

/** Does something with each cell that refers to a node of the overlay itself, which `__local_fixups__` lists. */
export function forEachLocalReference(
  overlay: DraftNode,
  visit: (value: Uint8Array, offset: number, cell: number) => void,
): Found {
  const fixups = overlay.children.get('__local_fixups__');
  return fixups ? visitLocal(overlay, fixups, visit) : null;
}

function visitLocal(node: DraftNode, fixups: DraftNode, visit: Parameters<typeof forEachLocalReference>[1]): Found {
  for (const [name, offsets] of fixups.properties) {
    const value = node.properties.get(name);
    const wrong = (what: string): Found => overlayProblem('bad-fixup', `${fixups.path}: ${what}`);
    if (!value) return wrong(`${node.path} has no property ${name}`);
    if (offsets.length % 4 !== 0) return wrong(`${name} is no list of offsets`);
    for (let at = 0; at < offsets.length; at += 4) {
      const offset = cellAt(offsets, at) ?? 0;
      const cell = cellAt(value, offset);
      if (cell === null) return wrong(`${name} of ${node.path} has no cell at ${offset}`);
      visit(value, offset, cell);
    }
  }
  for (const [name, below] of fixups.children) {
    const child = node.children.get(name);
    if (!child) return overlayProblem('bad-fixup', `${below.path}: ${node.path} has no child ${name}`);
    const found = visitLocal(child, below, visit);
    if (found) return found;
  }
  return null;
}

/** Makes the references of an overlay to labels of its base, which `__fixups__` lists, those to the phandles there. */
export function resolveLabels(base: DraftNode, overlay: DraftNode): Found {
  const fixups = overlay.children.get('__fixups__');
  const symbols = base.children.get('__symbols__');
  for (const [symbol, places] of fixups?.properties ?? []) {
    if (!symbols) {
      const what = `it refers to ${symbol}, and the base has no __symbols__: compile the base with \`dtc -@\``;
      return overlayProblem('no-symbols', what, { symbol });
    }
    const phandle = phandleOfSymbol(base, symbols, symbol);
    if (typeof phandle !== 'number') return phandle;
    for (const place of stringsOf(places) ?? ['']) {
      const found = resolvePlace(overlay, symbol, place, phandle);
      if (found) return found;
    }
  }
  return null;
}

function phandleOfSymbol(base: DraftNode, symbols: DraftNode, symbol: string): number | Exclude<Found, null> {
  const value = symbols.properties.get(symbol);
  if (!value) return overlayProblem('unknown-symbol', `the base has no symbol ${symbol}`, { symbol });
  const [path] = stringsOf(value) ?? [];
  const node = path === undefined ? null : draftAt(base, path);
  if (!node) return overlayProblem('bad-symbol', `the base's symbol ${symbol} is not the path of a node`, { symbol });
  const what = `${node.path}, the base's symbol ${symbol}, has no phandle`;
  return node.phandle ?? overlayProblem('bad-symbol', what, { symbol });
}

/** `place` is path, property and offset, as in `/fragment@0:target:0`. */
function resolvePlace(overlay: DraftNode, symbol: string, place: string, phandle: number): Found {
  const wrong = (what: string): Found => overlayProblem('bad-fixup', `/__fixups__: ${symbol}: ${what}`, { symbol });
  const [, path, name, digits] = /^(\/[^:]*):([^:]+):([0-9]{1,10})$/.exec(place) ?? [];
  if (path === undefined || name === undefined) return wrong(`${JSON.stringify(place)} is not path:property:offset`);
  const value = draftAt(overlay, path)?.properties.get(name);
  if (!value) return wrong(`there is no property ${name} of ${path}`);
  const offset = Number(digits);
  if (cellAt(value, offset) === null) return wrong(`${name} of ${path} has no cell at ${offset}`);
  setCell(value, offset, phandle);
  return null;
}
