import type { HostInventory } from '../../model/index.ts';
import { canonicalInventory } from './canonical.ts';
import type { Json } from './canonical.ts';

/** Columns that a line may take; what fits is written on one. The result is what a JSON formatter would leave alone. */
const WIDTH = 120;

/**
 * An inventory as the text of a snapshot file: canonical, so that two captures of one host differ only in what has
 * changed, and one fact to a line, so that they can be compared with diff.
 */
export function snapshotText(inventory: HostInventory, options: { readonly identifiers: boolean }): string {
  return `${layOut(canonicalInventory(inventory, { ...options, volatile: true }), 0, 0)}\n`;
}

/** @param taken columns of this line that are used before and after the value. */
function layOut(value: Json, indent: number, taken: number): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const isList = Array.isArray(value);
  const items: readonly (readonly [string, Json])[] = isList
    ? value.map((item: Json) => ['', item] as const)
    : Object.entries(value).map(([key, item]) => [`${JSON.stringify(key)}: `, item] as const);
  const [open, close] = isList ? ['[', ']'] : ['{', '}'];
  if (items.length === 0) return open + close;
  // A device and the document itself are read line by line, however short they are.
  if (indent >= 2 && !isTable(value)) {
    const flat = oneLine(value, WIDTH - indent - taken);
    if (flat !== null) return flat;
  }
  const pad = ' '.repeat(indent + 2);
  const lines = items.map(([key, item]) => `${pad}${key}${layOut(item, indent + 2, key.length + 1)}`);
  return `${open}\n${lines.join(',\n')}\n${' '.repeat(indent)}${close}`;
}

/** Several objects of several keys: a row for each. */
function isTable(value: Json): boolean {
  const isRow = (item: Json) =>
    typeof item === 'object' && item !== null && (Array.isArray(item) ? item : Object.keys(item)).length > 1;
  return Array.isArray(value) && value.length > 1 && value.every(isRow);
}

/** A value on one line; null where that takes more than `room` columns. Goes no further than that: a tree is long. */
function oneLine(value: Json, room: number): string | null {
  if (typeof value !== 'object' || value === null) return within(JSON.stringify(value), room);
  const isList = Array.isArray(value);
  const items: readonly (readonly [string, Json])[] = isList
    ? value.map((item: Json) => ['', item] as const)
    : Object.entries(value);
  if (items.length === 0) return within(isList ? '[]' : '{}', room);
  let text = isList ? '[' : '{ ';
  for (const [index, [key, item]] of items.entries()) {
    text += `${index === 0 ? '' : ', '}${isList ? '' : `${JSON.stringify(key)}: `}`;
    const part = oneLine(item, room - text.length);
    if (part === null) return null;
    text += part;
  }
  return within(text + (isList ? ']' : ' }'), room);
}

const within = (text: string, room: number): string | null => (text.length <= room ? text : null);
