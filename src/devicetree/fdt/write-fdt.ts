import type { DeviceTree, DeviceTreeNode } from '../../model/index.ts';
import {
  FDT_BEGIN_NODE,
  FDT_END,
  FDT_END_NODE,
  FDT_HEADER_SIZE,
  FDT_MAGIC,
  FDT_OLDEST_VERSION,
  FDT_PROP,
  FDT_VERSION,
  type MemoryReservation,
} from './format.ts';
import { GrowingBytes } from './growing-bytes.ts';

/** What a blob holds beside its tree. */
export interface FdtExtras {
  readonly reservations?: readonly MemoryReservation[];
  readonly bootCpu?: number;
}

/**
 * Writes a tree as a blob of version 17, in the order of the tree: the same tree gives the same bytes.
 *
 * Names are written as they are, one byte a character; a tree that comes from a reader has none for which that is wrong.
 */
export function writeFdt(tree: DeviceTree, { reservations = [], bootCpu = 0 }: FdtExtras = {}): Uint8Array {
  const structure = new GrowingBytes();
  const strings = new StringsBlock();
  writeNode(tree.root, structure, strings);
  structure.word(FDT_END);

  const out = new GrowingBytes();
  const structureAt = FDT_HEADER_SIZE + 16 * (reservations.length + 1);
  const stringsAt = structureAt + structure.length;
  for (const word of [
    FDT_MAGIC,
    stringsAt + strings.bytes.length,
    structureAt,
    stringsAt,
    FDT_HEADER_SIZE,
    FDT_VERSION,
    FDT_OLDEST_VERSION,
    bootCpu,
    strings.bytes.length,
    structure.length,
  ]) {
    out.word(word);
  }
  for (const { address, size } of [...reservations, { address: 0n, size: 0n }]) {
    out.doubleWord(address);
    out.doubleWord(size);
  }
  out.append(structure.taken());
  out.append(strings.bytes.taken());
  return out.taken();
}

/** Recursion is safe here: no tree is deeper than MAX_TREE_DEPTH. */
function writeNode(node: DeviceTreeNode, structure: GrowingBytes, strings: StringsBlock): void {
  structure.word(FDT_BEGIN_NODE);
  structure.text(node.name);
  structure.align(4);
  for (const [name, value] of node.properties) {
    structure.word(FDT_PROP);
    structure.word(value.length);
    structure.word(strings.offsetOf(name));
    structure.append(value);
    structure.align(4);
  }
  for (const child of node.children) writeNode(child, structure, strings);
  structure.word(FDT_END_NODE);
}

/** Names of properties, each once. */
class StringsBlock {
  readonly bytes = new GrowingBytes();
  private readonly offsets = new Map<string, number>();

  offsetOf(name: string): number {
    const known = this.offsets.get(name);
    if (known !== undefined) return known;
    const offset = this.bytes.length;
    this.offsets.set(name, offset);
    this.bytes.text(name);
    return offset;
  }
}
