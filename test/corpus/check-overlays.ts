import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { applyOverlay } from '../../src/devicetree/fdt/overlay.ts';
import { readFdt } from '../../src/devicetree/fdt/read-fdt.ts';
import type { DeviceTree } from '../../src/devicetree/tree.ts';
import type { Blobs } from './blobs.ts';
import { differences, plain } from './compare.ts';
import { OVERLAY_CASES } from './overlay-cases.ts';
import type { Tally } from './tally.ts';
import { ask, dtcBlob } from './tools.ts';

/** What came of one base and its overlays: a tree, or the words with which it was refused. */
type Result = { readonly tree: DeviceTree } | { readonly refused: string };

/** Compares our overlays with `fdtoverlay`: those written here, and those that packages have. */
export function checkOverlays(origins: readonly Blobs[], tally: Tally): void {
  const folder = mkdtempSync(path.join(tmpdir(), 'corpus-'));
  try {
    for (const { title, base, baseHasSymbols, overlays, applies } of OVERLAY_CASES) {
      const outcome = compare(
        folder,
        dtcBlob(base, baseHasSymbols),
        overlays.map((source) => dtcBlob(source, true)),
      );
      const expected = outcome.applied === applies ? [] : [`it ${applies ? 'should' : 'should not'} be applied`];
      tally.add(`overlay: ${title}`, [...outcome.problems, ...expected]);
    }
    for (const origin of origins) packagedOverlays(folder, origin, tally);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Each overlay of a package on each tree that lies beside it; on most of those that have no labels both refuse. */
function packagedOverlays(folder: string, { trees, overlays }: Blobs, tally: Tally): void {
  for (const overlay of overlays) {
    const bases = trees.filter((file) => path.dirname(file) === path.dirname(overlay));
    let applied = 0;
    for (const base of bases) {
      const outcome = compare(folder, readFileSync(base), [readFileSync(overlay)]);
      if (outcome.applied) applied += 1;
      tally.add(`overlay: ${overlay} on ${base}`, outcome.problems);
    }
    console.log(`# ${path.basename(overlay)} on ${bases.length} trees: applied to ${applied}, refused by the others`);
  }
}

function compare(
  folder: string,
  base: Uint8Array,
  overlays: readonly Uint8Array[],
): { readonly applied: boolean; readonly problems: readonly string[] } {
  const ours = applyOurs(base, overlays);
  const theirs = applyTheirs(folder, base, overlays);
  if ('refused' in ours && 'refused' in theirs) return { applied: false, problems: [] };
  if ('refused' in ours) return { applied: false, problems: [`refused by us alone: ${ours.refused}`] };
  if ('refused' in theirs) return { applied: true, problems: [`refused by fdtoverlay alone: ${theirs.refused}`] };
  return { applied: true, problems: differences(plain(ours.tree), plain(theirs.tree), false) };
}

function read(bytes: Uint8Array): DeviceTree {
  const reading = readFdt(bytes);
  if ('problem' in reading) throw new Error(`not read: ${JSON.stringify(reading.problem)}`);
  return reading.tree;
}

function applyOurs(base: Uint8Array, overlays: readonly Uint8Array[]): Result {
  let tree = read(base);
  for (const overlay of overlays) {
    const result = applyOverlay(tree, read(overlay));
    if ('problem' in result) return { refused: result.problem.what };
    tree = result.tree;
  }
  return { tree };
}

function applyTheirs(folder: string, base: Uint8Array, overlays: readonly Uint8Array[]): Result {
  const file = (name: string, bytes: Uint8Array): string => {
    const place = path.join(folder, name);
    writeFileSync(place, bytes);
    return place;
  };
  const output = path.join(folder, 'output.dtb');
  const files = overlays.map((bytes, index) => file(`${index}.dtbo`, bytes));
  const { status, stderr } = ask('fdtoverlay', ['-i', file('base.dtb', base), '-o', output, ...files]);
  return status === 0 ? { tree: read(readFileSync(output)) } : { refused: stderr.trim() };
}
