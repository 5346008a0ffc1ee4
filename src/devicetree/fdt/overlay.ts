import type { DeviceTree } from '../../model/index.ts';
import { draftOf, setCell, treeOfDraft } from './draft.ts';
import { FDT_LIMITS, type FdtLimits } from './format.ts';
import { OverlayMerge } from './overlay-merge.ts';
import { forEachLocalReference, highestPhandle, movePhandles, resolveLabels } from './overlay-phandles.ts';
import type { OverlayProblem } from './overlay-problem.ts';

/** What became of applying an overlay: ask with `'problem' in result`. */
export type OverlayResult = { readonly tree: DeviceTree } | { readonly problem: OverlayProblem };

/**
 * Applies a compiled overlay (`dtc -@`, `.dtbo`) to a tree, as fdt_overlay_apply of libfdt does, and returns a new tree;
 * the two that it was made from stay as they are. Several overlays are applied one after the other.
 *
 * New nodes and properties stand behind those of the base. Where boot programs and Linux differ:
 * - a node that the overlay brings a phandle for and that has one keeps it, and the overlay's references follow: libfdt
 *   since 1.7.1. Linux refuses such an overlay, and older libfdt leaves the base's references without a target;
 * - children are merged by their whole names, as Linux and `dtc` do.
 */
export function applyOverlay(base: DeviceTree, overlay: DeviceTree, limits: FdtLimits = FDT_LIMITS): OverlayResult {
  const result = draftOf(base);
  const over = draftOf(overlay);
  const merge = new OverlayMerge(result, limits);
  const delta = highestPhandle(result);
  // Cells of the overlay are written into, also after the merge: the result has the same values.
  const moved = (value: Uint8Array, offset: number, cell: number): void => setCell(value, offset, cell + delta);
  const followed = (value: Uint8Array, offset: number, cell: number): void =>
    setCell(value, offset, merge.replaced.get(cell) ?? cell);
  const problem =
    movePhandles(over, delta) ??
    forEachLocalReference(over, moved) ??
    resolveLabels(result, over) ??
    merge.fragments(over) ??
    forEachLocalReference(over, followed) ??
    merge.symbols(over);
  return problem ? { problem } : { tree: treeOfDraft(result) };
}
