import type { Diagnostic, Span } from '../../model/index.ts';
import { entryOf, type MapNode, type Node, parseYaml, type SourceFile, SourceText, spanOf } from '../source/index.ts';
import { wrongType } from './diagnostics.ts';
import type { Variables } from './interpolate.ts';
import { describeNode } from './kinds.ts';
import { prepare } from './prepare.ts';

/** A file that a manifest wants below it: the path as written, and where. */
export interface Include {
  readonly path: string;
  readonly at: Span;
}

/** One file of a manifest: read, without extension keys, variables put in. */
export interface Layer {
  readonly file: string;
  /** Absent where the text could not be read. `include` is taken out of it. */
  readonly root?: MapNode;
  /** In the order written: later ones override earlier ones, and this file all of them. */
  readonly includes: readonly Include[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads one file as far as that is possible by itself. Whoever has files reads the includes and opens them too. */
export function openLayer({ file, text }: SourceFile, variables: Variables): Layer {
  const source = new SourceText(file, text);
  const { value, diagnostics } = parseYaml(source);
  if (!value) return { file, includes: [], diagnostics };
  const prepared = prepare(value, variables);
  const found = [...diagnostics, ...prepared.diagnostics];
  const root = asMap(prepared.node);
  if (!root) {
    const detail = `A manifest is a map of keys, such as "version: 1"; this file holds ${describeNode(prepared.node)}.`;
    return { file, includes: [], diagnostics: [...found, wrongType({ detail, at: spanOf(prepared.node.at) })] };
  }
  const include = includesOf(root);
  const entries = root.entries.filter(({ key }) => key !== 'include');
  return { file, root: { ...root, entries }, includes: include.paths, diagnostics: [...found, ...include.diagnostics] };
}

/** An empty file is a map without keys: an override with everything commented out is no mistake. */
function asMap(node: Node): MapNode | undefined {
  if (node.kind === 'map') return node;
  return node.kind === 'scalar' && node.value === null ? { kind: 'map', at: node.at, entries: [] } : undefined;
}

function includesOf(root: MapNode): { paths: Include[]; diagnostics: Diagnostic[] } {
  const entry = entryOf(root, 'include');
  const paths: Include[] = [];
  const diagnostics: Diagnostic[] = [];
  if (!entry) return { paths, diagnostics };
  for (const node of entry.value.kind === 'seq' ? entry.value.items : [entry.value]) {
    const at = spanOf(node.at);
    if (node.kind === 'scalar' && node.raw !== '' && node.value !== null) paths.push({ path: node.raw, at });
    else {
      const detail = `"include" is the path of a file, or a list of paths; this is ${describeNode(node)}.`;
      diagnostics.push(wrongType({ detail, at }));
    }
  }
  return { paths, diagnostics };
}
