import { dtsValue, type DtsValue } from './dts-value.ts';
import type { MemoryReservation } from './format.ts';

/** A node for the printer. Those of a device tree are such; one made by hand may have a label, and references. */
export interface DtsNode {
  readonly label?: string;
  /** With its unit address; empty for the root. */
  readonly name: string;
  readonly properties: ReadonlyMap<string, DtsValue>;
  readonly children: readonly DtsNode[];
}

/** What stands in front of the tree. */
export interface DtsPreamble {
  /** Writes `/plugin/`: an overlay. */
  readonly plugin?: boolean;
  readonly reservations?: readonly MemoryReservation[];
}

/**
 * Prints a tree as device-tree source, in its order: the same tree gives the same text.
 *
 * What a value means is guessed as `dtc` does; whatever the guess, `dtc` compiles the text to the same bytes. One
 * exception is `dtc`'s: it drops a property `name` that says no more than the name of its node.
 */
export function writeDts(root: DtsNode, { plugin = false, reservations = [] }: DtsPreamble = {}): string {
  const lines = ['/dts-v1/;'];
  if (plugin) lines.push('/plugin/;');
  for (const { address, size } of reservations) {
    lines.push(`/memreserve/ 0x${address.toString(16)} 0x${size.toString(16)};`);
  }
  lines.push('', ...dtsNode(root));
  return `${lines.join('\n')}\n`;
}

/** A node with everything below as lines without their ends, indented by tabs as sources of device trees are. */
export function dtsNode(node: DtsNode, depth = 0): string[] {
  const lines: string[] = [];
  appendNode(node, '\t'.repeat(depth), lines);
  return lines;
}

function appendNode(node: DtsNode, indent: string, lines: string[]): void {
  const label = node.label === undefined ? '' : `${node.label}: `;
  lines.push(`${indent}${label}${node.name === '' ? '/' : node.name} {`);
  for (const [name, value] of node.properties) {
    const printed = dtsValue(value);
    lines.push(`${indent}\t${name}${printed === null ? '' : ` = ${printed}`};`);
  }
  let first = node.properties.size === 0;
  for (const child of node.children) {
    if (!first) lines.push('');
    first = false;
    appendNode(child, `${indent}\t`, lines);
  }
  lines.push(`${indent}};`);
}
