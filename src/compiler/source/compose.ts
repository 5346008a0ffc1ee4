import { isAlias, isMap, isScalar, isSeq, type Pair, type ParsedNode } from 'yaml';
import { type Diagnostic, didYouMean, LIMITS } from '../../model/index.ts';
import { badAlias, duplicateKey, tooLarge, yamlSyntax } from './diagnostics.ts';
import { typePlain } from './plain-scalar.ts';
import { type Place, type SourceText, spanOf } from './source-text.ts';
import type { Entry, MapNode, Node, ScalarNode } from './tree.ts';

interface Anchored {
  readonly node: Node;
  /** Values in it, itself included. */
  readonly count: number;
  readonly height: number;
}

type YamlNode = ParsedNode | null;

/** Turns the tree of the `yaml` package into ours: aliases and merge keys followed, every part with its place. */
export class TreeComposer {
  readonly diagnostics: Diagnostic[] = [];
  private readonly anchors = new Map<string, Anchored | 'open'>();
  private count = 0;
  private aliased = 0;
  private deepest = 0;

  constructor(private readonly source: SourceText) {}

  compose(root: YamlNode): Node {
    return this.node(root, 1, 0);
  }

  private node(yaml: YamlNode, depth: number, fallback: number): Node {
    this.count++;
    this.deepest = Math.max(this.deepest, depth);
    if (isAlias(yaml)) return this.alias(yaml.source, this.place(yaml, fallback), depth);
    const anchor = yaml?.anchor;
    if (anchor === undefined) return this.value(yaml, depth, fallback);
    const before = { count: this.count, deepest: this.deepest };
    this.anchors.set(anchor, 'open');
    this.deepest = depth;
    const node = this.value(yaml, depth, fallback);
    this.anchors.set(anchor, { node, count: this.count - before.count + 1, height: this.deepest - depth });
    this.deepest = Math.max(this.deepest, before.deepest);
    return node;
  }

  private value(yaml: YamlNode, depth: number, fallback: number): Node {
    const at = this.place(yaml, fallback);
    if (yaml?.tag !== undefined) {
      const detail = `The tag ${yaml.tag} has no meaning in a manifest. Leave it out; quotes make a value text.`;
      this.diagnostics.push(yamlSyntax({ detail, at: spanOf(at) }));
    }
    if (isMap<ParsedNode, YamlNode>(yaml)) return this.map(yaml.items, at, depth, yaml.flow === true);
    if (isSeq<ParsedNode>(yaml)) {
      const items = yaml.items.map((item) => this.node(item, depth + 1, at.end));
      return { kind: 'seq', at: yaml.flow === true ? at : endingWith(at, items.at(-1)?.at), items };
    }
    if (!isScalar(yaml)) return empty(at);
    const plain = yaml.type === 'PLAIN';
    const raw = String(plain ? (yaml.source ?? '') : yaml.value);
    return { kind: 'scalar', at, value: plain ? typePlain(raw) : raw, raw, plain };
  }

  private alias(name: string, at: Place, depth: number): Node {
    const anchored = this.anchors.get(name);
    if (anchored === undefined || anchored === 'open') {
      const detail =
        anchored === 'open'
          ? `The alias *${name} stands inside of what the anchor &${name} marks: it would hold itself.`
          : `No anchor &${name} comes before this alias. ${didYouMean(name, this.anchors.keys())}`.trimEnd();
      this.diagnostics.push(badAlias({ detail, at: spanOf(at) }));
      return empty(at);
    }
    this.count += anchored.count - 1;
    this.aliased += anchored.count;
    this.deepest = Math.max(this.deepest, depth + anchored.height);
    if (this.aliased > LIMITS.manifest.aliased || this.deepest > LIMITS.manifest.depth) {
      const limit =
        this.aliased > LIMITS.manifest.aliased
          ? `${LIMITS.manifest.aliased} values`
          : `${LIMITS.manifest.depth} levels`;
      // Once is enough, and from here on every alias would be over the limit.
      if (!this.diagnostics.some(({ code }) => code === tooLarge.code)) {
        const detail = `With its aliases followed, the document has more than ${limit}. Write less by alias.`;
        this.diagnostics.push(tooLarge({ detail, at: spanOf(at) }));
      }
      return empty(at);
    }
    return anchored.node;
  }

  private map(pairs: readonly Pair<ParsedNode, YamlNode>[], at: Place, depth: number, flow: boolean): MapNode {
    const own = new Map<string, Entry>();
    const merges: Entry[] = [];
    let last: Place | undefined;
    for (const pair of pairs) {
      const key = this.key(pair.key, at);
      if (!key) continue;
      const value = this.node(pair.value, depth + 1, key.at.end);
      last = value.at.source === at.source && value.at.end > key.at.end && !isAlias(pair.value) ? value.at : key.at;
      const entry = { key: key.raw, keyAt: key.at, value };
      if (key.plain && key.raw === '<<') merges.push(entry);
      else this.add(own, entry);
    }
    const entries = merges.length === 0 ? [...own.values()] : this.merged(merges, own);
    return { kind: 'map', at: flow ? at : endingWith(at, last), entries };
  }

  private add(own: Map<string, Entry>, entry: Entry): void {
    const first = own.get(entry.key);
    if (!first) {
      own.set(entry.key, entry);
      return;
    }
    const detail = `"${entry.key}" is already given on line ${spanOf(first.keyAt).start.line}. Remove or rename one of the two.`;
    const related = [{ message: 'first given here', at: spanOf(first.keyAt) }];
    this.diagnostics.push(duplicateKey({ detail, at: spanOf(entry.keyAt), related }));
  }

  /** The keys of a map: a simple text of its own. */
  private key(yaml: ParsedNode, around: Place): ScalarNode | undefined {
    if (isScalar(yaml)) {
      const node = this.value(yaml, 0, around.start);
      if (yaml.anchor !== undefined) this.anchors.set(yaml.anchor, { node, count: 1, height: 0 });
      if (node.kind === 'scalar' && node.raw !== '') return node;
    }
    const detail = 'The key of a map must be a text of its own: not empty, not an alias, not a list or a map.';
    this.diagnostics.push(yamlSyntax({ detail, at: spanOf(this.place(yaml, around.start)) }));
    return undefined;
  }

  private merged(merges: readonly Entry[], own: ReadonlyMap<string, Entry>): Entry[] {
    const taken = new Map<string, Entry>();
    for (const merge of merges) {
      const sources = merge.value.kind === 'seq' ? merge.value.items : [merge.value];
      for (const source of sources) {
        if (source.kind !== 'map') {
          const detail = 'A merge key (<<) takes an alias of a map, or a list of such aliases.';
          this.diagnostics.push(badAlias({ detail, at: spanOf(merge.keyAt) }));
          continue;
        }
        for (const entry of source.entries) {
          if (!own.has(entry.key) && !taken.has(entry.key)) taken.set(entry.key, entry);
        }
      }
    }
    return [...taken.values(), ...own.values()];
  }

  private place(yaml: YamlNode, fallback: number): Place {
    const [start = fallback, end = fallback] = yaml?.range ?? [];
    return { source: this.source, start, end };
  }
}

const empty = (at: Place): ScalarNode => ({ kind: 'scalar', at, value: null, raw: '', plain: true });

/** A block reaches to the end of its last part; what YAML counts as its end may be lines further down. */
const endingWith = (at: Place, last: Place | undefined): Place =>
  last && last.source === at.source && last.end > at.start && last.end < at.end ? { ...at, end: last.end } : at;
