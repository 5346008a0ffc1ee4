import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { applyOverlay } from '../../src/devicetree/fdt/overlay.ts';
import { readFdt } from '../../src/devicetree/fdt/read-fdt.ts';
import type { DeviceTree } from '../../src/model/index.ts';
import { differences, plain } from './compare.ts';
import { ask } from './tools.ts';

/** What came of one base and its overlays: a tree, or the words with which it was refused. */
type Result = { readonly tree: DeviceTree } | { readonly refused: string };

/** Applies overlays with our code and with `fdtoverlay`, whose files go to `folder`. Both may refuse. */
export function compareOverlays(
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
