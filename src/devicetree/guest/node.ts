import { dtsValue, type DtsValue } from '../fdt/dts-value.ts';
import type { DeviceTreeNode } from '../../model/index.ts';
import type { Labels } from './labels.ts';

/** What stands in a node of the guest's tree: a property, or a remark about one that is not there. */
export type GuestLine =
  | { readonly kind: 'property'; readonly name: string; readonly value: DtsValue }
  | { readonly kind: 'remark'; readonly text: string };

/** A node of the guest's tree. */
export interface GuestNode {
  /** With its unit address. */
  readonly name: string;
  /** The node of the host that it comes from, for its label; null for one that we made. */
  readonly source: DeviceTreeNode | null;
  readonly lines: readonly GuestLine[];
  readonly children: readonly GuestNode[];
}

export const property = (name: string, value: DtsValue): GuestLine => ({ kind: 'property', name, value });
export const remark = (text: string): GuestLine => ({ kind: 'remark', text });
export const cells = (...values: readonly (number | { readonly label: string })[]): DtsValue => ({ cells: values });
export const empty: DtsValue = new Uint8Array();

/** 64-bit values as two cells each. */
export const wide = (...values: readonly bigint[]): number[] =>
  values.flatMap((value) => [Number(BigInt.asUintN(32, value >> 32n)), Number(BigInt.asUintN(32, value))]);

/** Strings one after the other, each with its NUL; they come from a tree, where a character is a byte. */
export const strings = (list: readonly string[]): Uint8Array =>
  Uint8Array.from(list.flatMap((text) => [...Array.from(text, (char) => char.charCodeAt(0)), 0]));

/** Prints a node as device-tree source, remarks as comments. */
export function printNode(node: GuestNode, labels: Labels, depth: number): string[] {
  const indent = '\t'.repeat(depth);
  const label = node.source ? labels.of(node.source) : undefined;
  const lines = [`${indent}${label === undefined ? '' : `${label}: `}${node.name} {`];
  for (const line of node.lines) {
    if (line.kind === 'remark') {
      lines.push(`${indent}\t${comment(line.text)}`);
      continue;
    }
    const value = dtsValue(line.value);
    lines.push(`${indent}\t${line.name}${value === null ? '' : ` = ${value}`};`);
  }
  for (const child of node.children) {
    if ((lines.at(-1) ?? '') !== `${lines[0]}`) lines.push('');
    lines.push(...printNode(child, labels, depth + 1));
  }
  lines.push(`${indent}};`);
  return lines;
}

/** A comment of one line. Names in a tree may have asterisks, and a path has slashes: together they would end it. */
export const comment = (text: string): string => `/* ${text.replaceAll('*/', '* /')} */`;
