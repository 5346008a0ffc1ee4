import type { Diagnostic, Path } from '../../../model/index.ts';
import { type Entry, entryOf, type MapNode, type Node, spanOf } from '../../source/index.ts';
import { VM_KEYS } from '../normalise.ts';
import type { Shape } from '../shape.ts';

/** What a law about the form of a manifest may look at. It says nothing about a part whose shape is wrong already. */
export interface LawContext {
  readonly root: MapNode;
  readonly shape: Pick<Shape, 'isFaulty'>;
}

export type Law = (context: LawContext) => Diagnostic[];

export interface Part {
  readonly path: Path;
  readonly map: MapNode;
  readonly keyAt: Entry['keyAt'];
}

const mapAt = (entry: Entry | undefined): MapNode | undefined =>
  entry?.value.kind === 'map' ? entry.value : undefined;

/** The maps under the names of a top-level key. */
export const mapsIn = (root: MapNode, key: string): Part[] =>
  (mapAt(entryOf(root, key))?.entries ?? []).flatMap((entry) => {
    const map = mapAt(entry);
    return map ? [{ path: [key, entry.key], map, keyAt: entry.keyAt }] : [];
  });

/** Every VM: those under `vms`, and the one whose keys stand at the top level. */
export function vmsOf(root: MapNode): Part[] {
  const named = mapsIn(root, 'vms');
  const own = root.entries.find(({ key }) => VM_KEYS.includes(key));
  return own ? [{ path: [], map: root, keyAt: own.keyAt }, ...named] : named;
}

/** Every device of a VM that is written as a map. */
export function devicesOf(vm: Part): Part[] {
  return (mapAt(entryOf(vm.map, 'devices'))?.entries ?? []).flatMap((entry) => {
    const map = mapAt(entry);
    return map ? [{ path: [...vm.path, 'devices', entry.key], map, keyAt: entry.keyAt }] : [];
  });
}

/** The text of a scalar under a key. */
export function textOf(map: MapNode, key: string): string | undefined {
  const node: Node | undefined = entryOf(map, key)?.value;
  return node?.kind === 'scalar' ? node.raw : undefined;
}

/** `hold` or `bind`: written out, or short, or by default. */
export function handoffMode(vm: MapNode): string {
  const node = entryOf(vm, 'handoff')?.value;
  if (node?.kind === 'scalar') return node.raw;
  return (node?.kind === 'map' ? textOf(node, 'mode') : undefined) ?? 'hold';
}

export const keySpan = (entry: Entry) => spanOf(entry.keyAt);
