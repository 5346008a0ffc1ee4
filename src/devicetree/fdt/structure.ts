import { invariant, childPath, MAX_TREE_DEPTH, type FlatNode } from '../../model/index.ts';
import { FDT_BEGIN_NODE, FDT_END, FDT_END_NODE, FDT_PROP, hex32, type FdtLimits, type FdtProblem } from './format.ts';
import { nodeNameProblem, propertyNameProblem } from './names.ts';
import type { Scanner } from './scanner.ts';

/** A node whose end has not been read yet. */
interface OpenNode {
  readonly path: string;
  readonly properties: Map<string, Uint8Array>;
  /** Names of its children so far; null before the first. */
  children: Set<string> | null;
}

/** The nodes of a structure block, in its order, or why there are none. */
export function readStructure(
  scanner: Scanner,
  limits: FdtLimits,
): readonly FlatNode[] | { readonly problem: FdtProblem } {
  const nodes = new StructureReader(scanner, limits).read();
  if (nodes !== null) return nodes;
  invariant(scanner.problem, 'a structure block was given up without a reason');
  return { problem: scanner.problem };
}

class StructureReader {
  private readonly nodes: FlatNode[] = [];
  /** From the root to the node that is being read. A list and no recursion: depth is the blob's choice. */
  private readonly open: OpenNode[] = [];
  private properties = 0;
  private pathCharacters = 0;

  constructor(
    private readonly scanner: Scanner,
    private readonly limits: FdtLimits,
  ) {}

  read(): readonly FlatNode[] | null {
    const { scanner } = this;
    for (;;) {
      const token = scanner.token();
      if (token === null) return null;
      const at = scanner.position - 4;
      if (token === FDT_END) return this.finish(at);
      if (!this.take(token, at)) return null;
    }
  }

  private finish(at: number): readonly FlatNode[] | null {
    const { scanner, nodes, open } = this;
    if (nodes.length === 0) return scanner.fail('nesting', at, 'the structure block ends before the root');
    const inside = open.at(-1);
    return inside ? scanner.fail('nesting', at, `the structure block ends inside of ${inside.path}`) : nodes;
  }

  /** Returns null where the token and what belongs to it cannot be taken. */
  private take(token: number, at: number): true | null {
    switch (token) {
      case FDT_BEGIN_NODE:
        return this.beginNode(at);
      case FDT_END_NODE:
        return this.open.pop() ? true : this.scanner.fail('nesting', at, 'a node ends where none is open');
      case FDT_PROP:
        return this.property(at);
      default:
        return this.scanner.fail('token', at, `${hex32(token)} stands where a node or a property should`);
    }
  }

  private beginNode(at: number): true | null {
    const { scanner, limits, open } = this;
    const name = scanner.nodeName();
    if (name === null) return null;
    if (this.nodes.length >= limits.nodes)
      return scanner.fail('limit', at, `there are more than ${limits.nodes} nodes`);
    const path = this.pathOf(name, at);
    if (path === null) return null;
    this.pathCharacters += path.length;
    if (this.pathCharacters > limits.pathCharacters) {
      return scanner.fail('limit', at, `all paths together have more than ${limits.pathCharacters} characters`);
    }
    const properties = new Map<string, Uint8Array>();
    this.nodes.push({ path, properties });
    open.push({ path, properties, children: null });
    return true;
  }

  /** The path of a node that begins here, with its place among its siblings checked. */
  private pathOf(name: string, at: number): string | null {
    const { scanner } = this;
    const parent = this.open.at(-1);
    if (!parent) {
      if (this.nodes.length > 0) return scanner.fail('nesting', at, 'there is a second root');
      return name === '' ? '/' : scanner.fail('name', at, `the root is called ${JSON.stringify(name)}`);
    }
    const wrong = nodeNameProblem(name);
    if (wrong !== null) return scanner.fail('name', at, `below ${parent.path}, ${wrong}`);
    if (this.open.length > MAX_TREE_DEPTH) {
      return scanner.fail('limit', at, `a node is more than ${MAX_TREE_DEPTH} levels deep`);
    }
    parent.children ??= new Set();
    if (parent.children.has(name)) {
      return scanner.fail('duplicate', at, `${parent.path} has two children called ${name}`);
    }
    parent.children.add(name);
    return childPath(parent.path, name);
  }

  private property(at: number): true | null {
    const { scanner, limits } = this;
    const lengthAt = scanner.position;
    const length = scanner.word();
    const nameOffset = scanner.word();
    if (length === null || nameOffset === null) return null;
    const node = this.open.at(-1);
    if (!node) return scanner.fail('nesting', at, 'a property stands outside of every node');
    const name = scanner.propertyName(nameOffset, lengthAt + 4);
    if (name === null) return null;
    const value = scanner.value(length, lengthAt);
    if (value === null) return null;
    const wrong = propertyNameProblem(name);
    if (wrong !== null) return scanner.fail('name', lengthAt + 4, `in ${node.path}, ${wrong}`);
    if (node.children) return scanner.fail('order', at, `in ${node.path}, the property ${name} follows a child`);
    if (node.properties.has(name)) return scanner.fail('duplicate', at, `${node.path} has two properties ${name}`);
    this.properties += 1;
    if (this.properties > limits.properties) {
      return scanner.fail('limit', at, `there are more than ${limits.properties} properties`);
    }
    node.properties.set(name, value);
    return true;
  }
}
