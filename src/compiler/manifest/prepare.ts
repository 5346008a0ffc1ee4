import { type Diagnostic, LIMITS } from '../../model/index.ts';
import {
  type Entry,
  type MapNode,
  type Node,
  type Place,
  type ScalarNode,
  spanOf,
  tooLarge,
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
  /** What nodes have become: a million aliases of one long text cost as much as one. By whether names stand in them. */
  private readonly done = { names: new Map<Node, Node>(), others: new Map<Node, Node>() };
  /** UTF-16 units of the values that have had variables put in. */
  private expanded = 0;

  constructor(private readonly variables: Variables) {}

  node(node: Node, isNaming: boolean): Node {
    const done = isNaming ? this.done.names : this.done.others;
    const known = done.get(node);
    if (known) return known;
    const made = this.made(node, isNaming);
    done.set(node, made);
    return made;
  }

  private made(node: Node, isNaming: boolean): Node {
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
    if (!node.raw.includes('$') || this.expanded > LIMITS.manifest.allTexts) return node;
    const { text, faults } = interpolate(node.raw, this.variables);
    for (const fault of faults) this.report(node, fault);
    this.expanded += text.length;
    if (this.expanded > LIMITS.manifest.allTexts) {
      const detail = `With their variables put in, the values up to here have more than ${LIMITS.manifest.allTexts} characters.`;
      this.diagnostics.set('expanded', tooLarge({ detail, at: spanOf(node.at) }));
    }
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
      ? `With its variables replaced, this value is longer than ${LIMITS.manifest.token} characters.`
      : 'After "$" comes a name, or "{", a name, and "}". Write "$$" for a dollar sign.';
  return badInterpolation({ detail, at: spanOf(at) });
}

/** The piece of the file that a piece of a scalar's text stands in; the whole scalar where escapes or folds intervene. */
function within(node: ScalarNode, start: number, end: number): Place {
  const { source } = node.at;
  const first = node.at.start + (node.plain ? 0 : 1);
  return source.text.startsWith(node.raw, first) ? { source, start: first + start, end: first + end } : node.at;
}
