import type { Node } from '../source/index.ts';

/** The types of JSON Schema that a value satisfies. A whole number is one even when it was written as `4.0`. */
export type SchemaType = 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean' | 'null';

export function typeOf(node: Node): SchemaType {
  if (node.kind === 'map') return 'object';
  if (node.kind === 'seq') return 'array';
  const { value } = node;
  if (value === null) return 'null';
  if (typeof value === 'bigint') return 'integer';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value === 'boolean' ? 'boolean' : 'string';
}

const WORDS: Readonly<Record<SchemaType, string>> = {
  object: 'a map of keys',
  array: 'a list',
  string: 'a text',
  integer: 'a whole number',
  number: 'a number that is not whole',
  boolean: 'true or false',
  null: 'empty',
};

export const describeType = (type: SchemaType): string => WORDS[type];

/** What a value is, for a sentence: `a list`, `the text "eth0"`, `empty`. */
export function describeNode(node: Node): string {
  const type = typeOf(node);
  if (node.kind !== 'scalar' || type === 'null') return type === 'null' ? 'nothing' : WORDS[type];
  const shown = node.raw.length > 60 ? `${node.raw.slice(0, 57)}…` : node.raw;
  if (type === 'string') return `the text "${shown}"`;
  return type === 'boolean' ? shown : `the number ${shown}`;
}
