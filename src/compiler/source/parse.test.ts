import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LIMITS } from '../../model/index.ts';
import { parseYaml } from './parse.ts';
import { SourceText, spanOf } from './source-text.ts';
import { entryOf, type Node } from './tree.ts';

const parse = (text: string) => parseYaml(new SourceText('m.yaml', text));

/** Codes with positions, `code@line:column`. */
const faults = (text: string) =>
  parse(text).diagnostics.map(({ code, at }) => `${code}@${at?.start.line}:${at?.start.column}`);

function plain(node: Node | undefined): unknown {
  if (!node) return undefined;
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'seq') return node.items.map(plain);
  return Object.fromEntries(node.entries.map(({ key, value }) => [key, plain(value)]));
}

function at(node: Node | undefined, ...path: string[]): Node {
  const [key, ...rest] = path;
  if (!node) throw new Error('no node');
  return key === undefined ? node : at(node.kind === 'map' ? entryOf(node, key)?.value : undefined, ...rest);
}

const place = (node: Node): string => {
  const { start, end } = spanOf(node.at);
  return `${start.line}:${start.column}-${end.line}:${end.column}`;
};

test('reads maps, lists and scalars of every type', () => {
  const value = plain(parse('a: 1\nb: [x, "1", 0x10]\nc: {d: null, e: true}\nf:\ng: 1.5\n').value);
  expect(value).toEqual({ a: 1n, b: ['x', '1', 16n], c: { d: null, e: true }, f: null, g: 1.5 });
});

test('keeps addresses exact to 64 bits', () => {
  expect(plain(parse('a: 0xFFFFFFFFFFFFF000').value)).toEqual({ a: 0xfffffffffffff000n });
});

test('gives every key and value its place', () => {
  const root = parse('vms:\n  router:\n    "name": ab  # why\n\n\nx: [1,\n  2]\n').value;
  expect(place(at(root, 'vms', 'router', 'name'))).toBe('3:13-3:15');
  expect(place(at(root, 'vms', 'router'))).toBe('3:5-3:15');
  expect(place(at(root, 'x'))).toBe('6:4-7:5');
  const vms = at(root);
  expect(vms.kind === 'map' && vms.entries.map(({ keyAt }) => spanOf(keyAt).start.line)).toEqual([1, 6]);
});

test('places an empty value behind its key', () => {
  expect(place(at(parse('a:\nb: 1\n').value, 'a'))).toBe('1:3-1:3');
});

test('follows aliases to the place of the anchor', () => {
  const root = parse('a: &one {b: 7}\nc: *one\n').value;
  expect(plain(root)).toEqual({ a: { b: 7n }, c: { b: 7n } });
  expect(place(at(root, 'c', 'b'))).toBe('1:13-1:14');
});

test('takes the nearest anchor before an alias where a name is used twice', () => {
  expect(plain(parse('a: &x 1\nb: *x\nc: &x 2\nd: *x\n').value)).toMatchObject({ b: 1n, d: 2n });
});

test('merges with <<: own keys win, then earlier maps', () => {
  const text = 'a: &a {p: 1, q: 1}\nb: &b {q: 2, r: 2}\nc: {<<: [*a, *b], p: 3}\nd:\n  r: 4\n  <<: *b\n';
  expect(plain(parse(text).value)).toMatchObject({ c: { p: 3n, q: 1n, r: 2n }, d: { q: 2n, r: 4n } });
});

test('does not take a quoted "<<" for a merge', () => {
  expect(plain(parse('a: {"<<": 1}').value)).toEqual({ a: { '<<': 1n } });
});

test('refuses a merge of something that is not a map', () => {
  expect(faults('a: &a {x: 1}\nb:\n  <<: *a\n')).toEqual([]);
  expect(faults('a: &a 1\nb:\n  <<: *a\n')).toEqual(['bad-alias@3:3']);
});

test('reports every key that is given twice, with the first place', () => {
  const { diagnostics } = parse('a: 1\nb: 2\na: 3\nb: 4\n');
  expect(
    diagnostics.map(({ code, at: span, related }) => [code, span?.start.line, related[0]?.at?.start.line]),
  ).toEqual([
    ['duplicate-key', 3, 1],
    ['duplicate-key', 4, 2],
  ]);
});

test('does not take the same key in different maps for a double', () => {
  expect(faults('a: {x: 1}\nb: {x: 1}\n')).toEqual([]);
});

test('refuses a second document, and accepts one with markers', () => {
  expect(faults('a: 1\n---\nb: 1\n')).toEqual(['several-documents@2:1']);
  expect(faults('---\na: 1\n...\n')).toEqual([]);
});

test('refuses another version of YAML', () => {
  expect(faults('%YAML 1.1\n---\na: on\n')).toEqual(['yaml-syntax@1:1']);
  expect(faults('%YAML 1.2\n---\na: on\n')).toEqual([]);
});

test('points at tabs, bad indentation, open quotes and brackets', () => {
  expect(faults('a: 1\n\tb: 2\n')).toEqual(['yaml-syntax@2:1']);
  expect(faults('a:\n  - b\n c: d\n')).toEqual(['yaml-syntax@3:1']);
  expect(faults('a: "b\n')[0]).toMatch(/^yaml-syntax@/);
  expect(faults('a: [1, 2\n')[0]).toMatch(/^yaml-syntax@/);
});

test('says to quote a variable inside braces', () => {
  expect(parse('a: {pci: ${NIC}}\n').diagnostics[0]?.detail).toContain('in quotes');
});

test('refuses tags', () => {
  expect(faults('a: !!binary aGk=\nb: !own 1\n')).toEqual(['yaml-syntax@1:13', 'yaml-syntax@2:9']);
});

test('refuses keys that are not text, and keeps text of keys that look like numbers', () => {
  expect(faults('? [a]\n: b\n')).toEqual(['yaml-syntax@1:3']);
  expect(faults('{a: {: 1}}')).toEqual(['yaml-syntax@1:6']);
  expect(plain(parse('0x10: a').value)).toEqual({ '0x10': 'a' });
});

test('refuses aliases without an anchor before them, with the near name', () => {
  expect(faults('a: *b\nc: &b 1\n')).toEqual(['bad-alias@1:4']);
  expect(parse('a: &nics 1\nb: *nisc\n').diagnostics[0]?.detail).toContain('"nics"');
});

test('refuses an alias inside of its own anchor', () => {
  expect(faults('a: &a [*a]\n')).toEqual(['bad-alias@1:8']);
});

test('refuses growth by aliases', () => {
  const names = [...'abcdefghijk'];
  const lines = names.slice(1).map((name, i) => `${name}: &${name} [${`*${names[i]},`.repeat(10)}]`);
  expect(faults(`a: &a [${'1,'.repeat(10)}]\n${lines.join('\n')}`)).toEqual([
    expect.stringMatching(/^manifest-too-large@/),
  ]);
});

test('refuses depth, literal or by aliases, without exhausting the stack', () => {
  for (const nest of ['[', '{a: ', '- ', '? ']) expect(faults(nest.repeat(100_000))[0]).toMatch(/^manifest-too-large@/);
  const chain = Array.from({ length: 80 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}]`).join('\n');
  expect(faults(`a0: &a0 [1]\n${chain}`)).toEqual([expect.stringMatching(/^manifest-too-large@/)]);
});

test('accepts the depth that is allowed', () => {
  const depth = LIMITS.manifest.depth - 1;
  expect(faults(`${'['.repeat(depth)}1${']'.repeat(depth)}`)).toEqual([]);
});

test('refuses a value or a file that is too long', () => {
  expect(faults(`a: ${'9'.repeat(LIMITS.manifest.token + 1)}`)).toEqual(['manifest-too-large@1:4']);
  expect(parse(' '.repeat(LIMITS.manifest.text + 1)).diagnostics.map(({ code }) => code)).toEqual([
    'manifest-too-large',
  ]);
});

test('SECURITY: says what is wrong with a line of a million brackets without going over it from each', () => {
  const brackets = Array.from({ length: 20 }, () => `"${'['.repeat(50_000)}"`).join(', ');
  expect(faults(`[\na, \${b, ${brackets} "x" "y"]\n`)[0]).toMatch(/^yaml-syntax@2:/);
});

test('reads an empty text as an empty value', () => {
  expect(plain(parse('').value)).toBeNull();
  expect(plain(parse('# nothing\n').value)).toBeNull();
});

test('never throws, and gives a value or a finding', () => {
  const piece = fc.constantFrom(
    ...'abz019',
    ' ',
    '  ',
    '\n',
    '\t',
    ':',
    ': ',
    '- ',
    '[',
    ']',
    '{',
    '}',
    ',',
    '"',
    "'",
    '#',
    '&a',
    '*a',
    '|',
    '>',
    '!',
    '%',
    '@',
    '<<',
    '?',
    '\r',
    '---',
    '\0',
    '\\',
    '𝔞',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(piece, { maxLength: 60 }).map((parts) => parts.join('')),
      ),
      (text) => {
        const { value, diagnostics } = parse(text);
        expect(value !== undefined).toBe(diagnostics.length === 0);
      },
    ),
    { numRuns: 3000 },
  );
});

test('reads a thousand devices well within 300 ms', () => {
  const devices = Array.from({ length: 1000 }, (_, i) => `  nic${i}:\n    pci: "0000:01:00.0"\n    reset: preferred\n`);
  const text = `version: 1\ndevices:\n${devices.join('')}`;
  const cost = () => {
    const before = process.cpuUsage();
    expect(parse(text).value).toBeDefined();
    return process.cpuUsage(before).user / 1000;
  };
  expect(Math.min(cost(), cost(), cost())).toBeLessThan(300);
});
