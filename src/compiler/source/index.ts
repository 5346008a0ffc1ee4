/** YAML text to a value tree in which every key and value knows its place. */
export * from './diagnostics.ts';
export { parseYaml } from './parse.ts';
export { typePlain } from './plain-scalar.ts';
export { type Place, type SourceFile, SourceText, spanOf } from './source-text.ts';
export {
  type Entry,
  entryOf,
  type MapNode,
  type Node,
  type ScalarNode,
  type ScalarValue,
  type SeqNode,
} from './tree.ts';
