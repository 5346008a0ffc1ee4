import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Blobs } from './blobs.ts';
import { compareOverlays } from './compare-overlays.ts';
import { labelled, overlayOn } from './labelled-tree.ts';
import { OVERLAY_CASES } from './overlay-cases.ts';
import type { Tally } from './tally.ts';
import { dtcBlob } from './tools.ts';

/** Compares our overlays with `fdtoverlay`: those written here, and those that packages have. */
export function checkOverlays(origins: readonly Blobs[], tally: Tally): void {
  const folder = mkdtempSync(path.join(tmpdir(), 'corpus-'));
  try {
    for (const { title, base, baseHasSymbols, overlays, applies } of OVERLAY_CASES) {
      const outcome = compareOverlays(
        folder,
        dtcBlob(base, baseHasSymbols),
        overlays.map((source) => dtcBlob(source, true)),
      );
      const expected = outcome.applied === applies ? [] : [`it ${applies ? 'should' : 'should not'} be applied`];
      tally.add(`overlay: ${title}`, [...outcome.problems, ...expected]);
    }
    for (const origin of origins) {
      packagedOverlays(folder, origin, tally);
      ownOverlays(folder, origin, tally);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Of the trees of an origin, one in so many gets labels for all its nodes, and an overlay of ours. */
const OWN_OVERLAY_EVERY = 30;

/** The kernels' trees have no labels, so theirs are given: then overlays meet phandles and paths that nobody here chose. */
function ownOverlays(folder: string, { trees }: Blobs, tally: Tally): void {
  for (const [index, file] of trees.entries()) {
    if (index % OWN_OVERLAY_EVERY !== 0) continue;
    const tree = labelled(file);
    const overlays = [0, 1].map((turn) => dtcBlob(overlayOn(tree, index, turn), true));
    const { applied, problems } = compareOverlays(folder, tree.blob, overlays);
    tally.add(`overlay: ours on ${file}`, applied ? problems : ['it should be applied', ...problems]);
  }
}

/** Each overlay of a package on each tree that lies beside it; on most of those that have no labels both refuse. */
function packagedOverlays(folder: string, { trees, overlays }: Blobs, tally: Tally): void {
  for (const overlay of overlays) {
    const bases = trees.filter((file) => path.dirname(file) === path.dirname(overlay));
    let applied = 0;
    for (const base of bases) {
      const outcome = compareOverlays(folder, readFileSync(base), [readFileSync(overlay)]);
      if (outcome.applied) applied += 1;
      tally.add(`overlay: ${overlay} on ${base}`, outcome.problems);
    }
    console.log(`# ${path.basename(overlay)} on ${bases.length} trees: applied to ${applied}, refused by the others`);
  }
}
