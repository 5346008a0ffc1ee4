import type { Diagnostic } from '../../model/index.ts';
import {
  type Entry,
  type MapNode,
  type Node,
  type Place,
  type ScalarNode,
  spanOf,
  typePlain,
} from '../source/index.ts';
import { badInterpolation, unsetVariable } from './diagnostics.ts';
import { interpolate, type InterpolationFault, type Variables } from './interpolate.ts';

/** Maps whose keys are names that people choose, so that `x-ray` is a name there and not an extension. */
const NAMING_KEYS: ReadonlySet<string> = new Set(['vms', 'devices', 'virtualFunctions']);

/**
 * Takes extension keys (`x-…`) out of a document and puts variables in. A scalar that was written without quotes gets
 * its type after that, so `${SIZE}` may become a number. What nothing changes in is returned as it is.
 */
export function prepare(root: Node, variables: Variables): { readonly node: Node; readonly diagnostics: Diagnostic[] } {
  const preparation = new Preparation(variables);
  const node = preparation.node(root, false);
  return { node, diagnostics: [...preparation.diagnostics.values()] };
}

class Preparation {
  /** By place: what an anchor marks is visited once for every alias, and is to be reported once. */
  readonly diagnostics = new Map<string, Diagnostic>();

  constructor(private readonly variables: Variables) {}

  node(node: Node, isNaming: boolean): Node {
    switch (node.kind) {
      case 'map':
        return this.map(node, isNaming);
      case 'seq': {
        const items = node.items.map((item) => this.node(item, false));
        return items.every((item, index) => item === node.items[index]) ? node : { ...node, items };
      }
      case 'scalar':
        return this.scalar(node);
    }
  }

  private map(map: MapNode, isNaming: boolean): MapNode {
    const entries: Entry[] = [];
    let changed = false;
    for (const entry of map.entries) {
      if (!isNaming && entry.key.startsWith('x-')) {
        changed = true;
        continue;
      }
      const value = this.node(entry.value, !isNaming && NAMING_KEYS.has(entry.key));
      changed ||= value !== entry.value;
      entries.push(value === entry.value ? entry : { ...entry, value });
    }
    return changed ? { ...map, entries } : map;
  }

  private scalar(node: ScalarNode): ScalarNode {
    if (!node.raw.includes('$')) return node;
    const { text, faults } = interpolate(node.raw, this.variables);
    for (const fault of faults) this.report(node, fault);
    return { ...node, raw: text, value: node.plain && faults.length === 0 ? typePlain(text) : text };
  }

  private report(node: ScalarNode, fault: InterpolationFault): void {
    const at = within(node, fault.start, fault.end);
    const key = `${at.start}:${at.end}:${fault.kind}`;
    if (!this.diagnostics.has(key)) this.diagnostics.set(key, describe(fault, at));
  }
}

function describe(fault: InterpolationFault, at: Place): Diagnostic {
  if (fault.kind === 'unset') {
    const { name, message } = fault;
    const said = message === undefined ? '' : ` The manifest says: ${message}`;
    const detail = `${name} is not set.${said} Set it in the environment or in an --env-file, or give a default: \${${name}:-value}.`;
    return unsetVariable({ detail, at: spanOf(at) });
  }
  const detail =
    fault.kind === 'too-long'
      ? 'With its variables replaced, this value is longer than 65536 characters.'
      : 'After "$" comes a name, or "{", a name, and "}". Write "$$" for a dollar sign.';
  return badInterpolation({ detail, at: spanOf(at) });
}

/** The piece of the file that a piece of a scalar's text stands in; the whole scalar where escapes or folds intervene. */
function within(node: ScalarNode, start: number, end: number): Place {
  const { source } = node.at;
  const first = node.at.start + (node.plain ? 0 : 1);
  return source.text.startsWith(node.raw, first) ? { source, start: first + start, end: first + end } : node.at;
}
