import validate from '../../model/generated/validate-manifest.cjs';
import type { Diagnostic, Path } from '../../model/index.ts';
import { type MapNode, type Node, spanOf } from '../source/index.ts';
import { wrongValue } from './diagnostics.ts';
import { explain } from './explain.ts';
import { type Located, locateRoot, partsOf } from './schema.ts';
import { type PlainMap, type PlainValue, setOwn, toValue } from './value.ts';

/** Far more than are shown; from here on the rest of a document counts as faulty. */
const ENOUGH = 1000;

/** What the shape check made of a document. */
export interface Shape {
  /** The document as plain values. Of the right shape if there are no diagnostics. */
  readonly document: PlainMap;
  readonly diagnostics: readonly Diagnostic[];
  /** Whether something is wrong at a path or below it. */
  isFaulty(path: Path): boolean;
}

/**
 * Checks a document against the schema. The compiled validator decides, and costs little; of its messages, a choice
 * (`oneOf`) makes one for every branch. So where it objects, the document is walked beside its schema, and what does not
 * fit is said in words for people.
 */
export function checkShape(root: MapNode): Shape {
  const value = toValue(root);
  const document = isMap(value) ? value : {};
  if (validate(document)) return { document, diagnostics: [], isFaulty: () => false };

  const walk = new Walk();
  walk.visit(locateRoot(root), document);
  if (walk.reread && validate(document)) return { document, diagnostics: [], isFaulty: () => false };
  if (walk.diagnostics.length === 0) {
    // The validator is right even where we have no words for it.
    walk.diagnostics.push(
      wrongValue({ detail: 'Something in this manifest has a form that is not allowed.', at: spanOf(root.at) }),
    );
  }
  return {
    document,
    diagnostics: walk.diagnostics,
    isFaulty: (path) => walk.diagnostics.length >= ENOUGH || walk.faulty.has(toPointer(path)),
  };
}

class Walk {
  readonly diagnostics: Diagnostic[] = [];
  readonly faulty = new Set<string>();
  /** Whether a number was replaced by its text, so that the document may be right now. */
  reread = false;

  private readonly reported = new Set<string>();

  visit(located: Located, value: PlainValue | undefined): void {
    if (this.diagnostics.length >= ENOUGH) return;
    const found = explain(located);
    if (found.length > 0) this.markFaulty(located.path);
    for (const diagnostic of found) {
      // What an anchor marks is visited once for every alias, and is to be reported once.
      const identity = `${diagnostic.code} ${diagnostic.at?.file} ${diagnostic.at?.start.offset} ${diagnostic.detail}`;
      if (!this.reported.has(identity)) this.diagnostics.push(diagnostic);
      this.reported.add(identity);
    }
    for (const part of partsOf(located)) {
      this.putText(part, value);
      this.visit(part, childOf(value, part.path.at(-1)));
    }
  }

  /** Puts the text in the place of a number where only a text can stand. */
  private putText({ node, path }: Located, parent: PlainValue | undefined): void {
    const key = path.at(-1);
    const text = textOf(node);
    if (text === undefined || key === undefined || childOf(parent, key) === text) return;
    if (Array.isArray(parent)) parent[Number(key)] = text;
    else if (parent !== undefined && isMap(parent)) setOwn(parent, String(key), text);
    this.reread = true;
  }

  private markFaulty(path: Path): void {
    for (let length = 0; length <= path.length; length++) this.faulty.add(toPointer(path.slice(0, length)));
  }
}

const textOf = (node: Node): string | undefined =>
  node.kind === 'scalar' && typeof node.value === 'string' ? node.value : undefined;

function childOf(value: PlainValue | undefined, key: string | number | undefined): PlainValue | undefined {
  if (value === undefined || key === undefined) return undefined;
  if (Array.isArray(value)) return value[Number(key)];
  return isMap(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

const isMap = (value: PlainValue): value is PlainMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const toPointer = (path: Path): string =>
  path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
