import { MAX_TREE_DEPTH } from '../../model/index.ts';
import { cellValue, draftAt, DraftNode, nodesOf, stringsOf, stringValue } from './draft.ts';
import type { FdtLimits } from './format.ts';
import { PHANDLES } from './overlay-phandles.ts';
import { overlayProblem, type Found, type OverlayProblem } from './overlay-problem.ts';

/** What a fragment adds, and to which node of the base. */
interface Applied {
  readonly target: DraftNode;
}

/** Lays the fragments of one overlay over its base, which grows. */
export class OverlayMerge {
  /** Phandles of the overlay whose nodes had one in the base already: they keep the base's. */
  readonly replaced = new Map<number, number>();
  private readonly byPhandle = new Map<number, DraftNode>();
  private readonly applied = new Map<string, Applied>();
  private nodes = 0;
  private pathCharacters = 0;

  constructor(
    private readonly base: DraftNode,
    private readonly limits: FdtLimits,
  ) {
    for (const node of nodesOf(base)) this.count(node);
  }

  /** Every fragment in its order: a later one may have its target in what an earlier one brought. */
  fragments(overlay: DraftNode): Found {
    for (const fragment of overlay.children.values()) {
      const content = fragment.children.get('__overlay__');
      if (!content) continue;
      const target = this.targetOf(fragment);
      if (!(target instanceof DraftNode)) return target;
      this.applied.set(fragment.name, { target });
      const found = this.merge(content, target, fragment.path);
      if (found) return found;
    }
    if (this.applied.size > 0) return null;
    return overlayProblem('not-an-overlay', 'no node of it has a child __overlay__');
  }

  /** Appends the overlay's labels to those of the base, with the paths that their nodes have there. */
  symbols(overlay: DraftNode): Found {
    const added = overlay.children.get('__symbols__');
    if (!added) return null;
    const symbols = this.base.children.get('__symbols__') ?? new DraftNode(this.base, '__symbols__');
    for (const [symbol, value] of added.properties) {
      const [path = '', ...more] = stringsOf(value) ?? [];
      if (!path.startsWith('/') || more.length > 0) {
        return overlayProblem('bad-symbol', `the overlay's symbol ${symbol} is not a path`, { symbol });
      }
      const [, name = '', marker, ...rest] = path.split('/');
      // A label elsewhere, such as one of the fragment itself, is of nothing that the base gets.
      if (marker !== '__overlay__') continue;
      const fragment = this.applied.get(name);
      if (!fragment) {
        return overlayProblem('bad-symbol', `the overlay's symbol ${symbol} is in no fragment`, { symbol });
      }
      const above = fragment.target.path === '/' ? '' : fragment.target.path;
      symbols.properties.set(symbol, stringValue([above, ...rest].join('/') || '/'));
    }
    return null;
  }

  private count(node: DraftNode): void {
    this.nodes += 1;
    this.pathCharacters += node.path.length;
    if (node.phandle !== null && !this.byPhandle.has(node.phandle)) this.byPhandle.set(node.phandle, node);
  }

  private targetOf({ path, properties }: DraftNode): DraftNode | OverlayProblem {
    const none = (what: string): OverlayProblem => overlayProblem('no-target', `${path}: ${what}`, { fragment: path });
    const target = properties.get('target');
    if (target && target.length !== 4) return none(`its target has ${target.length} bytes instead of 4`);
    const phandle = target ? new DataView(target.buffer, target.byteOffset, 4).getUint32(0) : 0;
    if (phandle === 0xffff_ffff) return none('its target is a label that __fixups__ does not list');
    if (phandle !== 0) {
      return (
        this.byPhandle.get(phandle) ?? none(`its target, phandle 0x${phandle.toString(16)}, is no node of the base`)
      );
    }
    const value = properties.get('target-path');
    if (!value) return none('it has neither target nor target-path');
    const [targetPath] = stringsOf(value) ?? [];
    if (targetPath === undefined) return none('its target-path is not a string');
    return draftAt(this.base, targetPath) ?? none(`its target-path ${targetPath} is no node of the base`);
  }

  private merge(from: DraftNode, to: DraftNode, fragment: string): Found {
    const kept = to.phandle;
    for (const [name, value] of from.properties) to.properties.set(name, value);
    if (from.phandle !== null) this.keepPhandle(from, to, kept);
    for (const child of from.children.values()) {
      const found = this.mergeChild(child, to, fragment);
      if (found) return found;
    }
    return null;
  }

  private mergeChild(child: DraftNode, parent: DraftNode, fragment: string): Found {
    let to = parent.children.get(child.name);
    if (!to) {
      if (parent.depth >= MAX_TREE_DEPTH) {
        const what = `${fragment}: ${parent.path} would have children ${MAX_TREE_DEPTH + 1} levels deep`;
        return overlayProblem('limit', what, { fragment });
      }
      to = new DraftNode(parent, child.name);
      this.count(to);
      if (this.nodes > this.limits.nodes || this.pathCharacters > this.limits.pathCharacters) {
        return overlayProblem('limit', `${fragment}: the tree grows beyond ${this.limits.nodes} nodes`, { fragment });
      }
    }
    return this.merge(child, to, fragment);
  }

  /** The base refers to its nodes by the phandles they have, so those stay, and it is the overlay that has to follow. */
  private keepPhandle(from: DraftNode, to: DraftNode, kept: number | null): void {
    if (from.phandle === null) return;
    if (kept === null) {
      this.byPhandle.set(from.phandle, to);
      return;
    }
    this.replaced.set(from.phandle, kept);
    this.byPhandle.set(from.phandle, to);
    for (const name of PHANDLES) if (from.properties.has(name)) to.properties.set(name, cellValue(kept));
  }
}
