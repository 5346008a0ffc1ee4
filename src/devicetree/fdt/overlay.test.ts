import { expect, test } from 'vitest';
import { deviceTree, nodeAt, type NodeLiteral } from '../../testing/index.ts';
import { MAX_TREE_DEPTH, type DeviceTree } from '../../model/index.ts';
import { FDT_LIMITS } from './format.ts';
import { applyOverlay } from './overlay.ts';
import type { OverlayProblem } from './overlay-problem.ts';
import { writeFdt } from './write-fdt.ts';

const BASE = deviceTree({
  aliases: { serial0: '/soc@f0000000/serial@60000' },
  'soc@f0000000': {
    'pic@40000': { phandle: 7, '#interrupt-cells': 2 },
    'serial@60000': { phandle: 3, status: 'disabled' },
    'bare@70000': { p: 1 },
  },
  __symbols__: {
    soc: '/soc@f0000000',
    pic: '/soc@f0000000/pic@40000',
    uart: '/soc@f0000000/serial@60000',
    bare: '/soc@f0000000/bare@70000',
    gone: '/soc@f0000000/gone@0',
  },
});

const UART = '/soc@f0000000/serial@60000';
const NOBODY = 0xffff_ffff;

function apply(overlay: NodeLiteral, base: DeviceTree = BASE): DeviceTree {
  const result = applyOverlay(base, deviceTree(overlay));
  if ('problem' in result) throw new Error(JSON.stringify(result.problem));
  return result.tree;
}

function problem(overlay: NodeLiteral, base: DeviceTree = BASE, limits = FDT_LIMITS): OverlayProblem {
  const result = applyOverlay(base, deviceTree(overlay), limits);
  if (!('problem' in result)) throw new Error('it was applied');
  return result.problem;
}

const onUart = (content: NodeLiteral, rest: NodeLiteral = {}): NodeLiteral => ({
  'fragment@0': { target: NOBODY, __overlay__: content },
  __fixups__: { uart: '/fragment@0:target:0' },
  ...rest,
});

const at = (path: string, content: NodeLiteral): NodeLiteral => ({
  'fragment@0': { 'target-path': path, __overlay__: content },
});

const cells = (...values: number[]): Uint8Array => Uint8Array.from(values.flatMap((value) => [0, 0, 0, value]));
const property = (tree: DeviceTree, path: string, name: string): Uint8Array | undefined =>
  nodeAt(tree, path).properties.get(name);
const text = (value: Uint8Array | undefined): string => new TextDecoder().decode(value);

test('replaces and adds properties of the node that a label names', () => {
  const tree = apply(onUart({ status: 'okay', added: true }));
  expect(text(property(tree, UART, 'status'))).toBe('okay\0');
  expect(property(tree, UART, 'added')).toEqual(new Uint8Array(0));
  expect(property(tree, UART, 'phandle')).toEqual(cells(3));
});

test('leaves the base and the overlay as they were', () => {
  const overlay = deviceTree({
    ...onUart({ status: 'okay', new: { phandle: 1, self: 1 } }),
    __local_fixups__: { 'fragment@0': { __overlay__: { new: { self: 0 } } } },
  });
  const before = [writeFdt(BASE), writeFdt(overlay)];
  expect(applyOverlay(BASE, overlay)).toHaveProperty('tree');
  expect([writeFdt(BASE), writeFdt(overlay)]).toEqual(before);
});

test('adds nodes behind those of the base, with everything below', () => {
  const tree = apply(at('/soc@f0000000', { 'led@1': { inner: { deep: 5 } } }));
  expect(nodeAt(tree, '/soc@f0000000').children.at(-1)?.name).toBe('led@1');
  expect(property(tree, '/soc@f0000000/led@1/inner', 'deep')).toEqual(cells(5));
});

test('leaves out what is in no fragment: its fixups and stray nodes', () => {
  const tree = apply({ ...onUart({}), stray: { p: true } });
  expect(tree.nodes.map(({ path }) => path)).toEqual(BASE.nodes.map(({ path }) => path));
});

test("moves the overlay's phandles above the base's, and its references with them", () => {
  const tree = apply({
    ...at('/', { a: { phandle: 1 }, b: { 'linux,phandle': 2, refs: [1, 9, 2] } }),
    __local_fixups__: { 'fragment@0': { __overlay__: { b: { refs: [0, 8] } } } },
  });
  expect(property(tree, '/a', 'phandle')).toEqual(cells(8));
  expect(property(tree, '/b', 'refs')).toEqual(cells(8, 9, 9));
  expect(tree.byPhandle.get(9)?.path).toBe('/b');
});

test('writes the phandle of a label wherever the overlay refers to it, aligned or not', () => {
  const tree = apply(
    onUart(
      { refs: [1, NOBODY], bytes: Uint8Array.of(1, 0xff, 0xff, 0xff, 0xff, 2) },
      {
        __fixups__: {
          uart: '/fragment@0:target:0',
          pic: ['/fragment@0/__overlay__:refs:4', '/fragment@0/__overlay__:bytes:1'],
        },
      },
    ),
  );
  expect(property(tree, UART, 'refs')).toEqual(cells(1, 7));
  expect(property(tree, UART, 'bytes')).toEqual(Uint8Array.of(1, 0, 0, 0, 7, 2));
});

test('keeps the phandle of a node that the overlay brings one for, and lets its references follow', () => {
  const tree = apply({
    ...at(UART, { phandle: 1, self: 1, child: { phandle: 2 } }),
    'fragment@1': { target: 1, __overlay__: { late: true, refs: [1, 2] } },
    __local_fixups__: {
      'fragment@0': { __overlay__: { self: 0 } },
      'fragment@1': { target: 0, __overlay__: { refs: [0, 4] } },
    },
  });
  expect(property(tree, UART, 'phandle')).toEqual(cells(3));
  expect(property(tree, UART, 'self')).toEqual(cells(3));
  expect(property(tree, UART, 'refs')).toEqual(cells(3, 9));
  expect(tree.byPhandle.get(3)?.path).toBe(UART);
});

test('a later fragment has its target in what an earlier one brought', () => {
  const tree = apply({
    ...at('/', { new: { phandle: 1 } }),
    'fragment@1': { target: 1, __overlay__: { child: { p: true } } },
    __local_fixups__: { 'fragment@1': { target: 0 } },
  });
  expect(tree.byPath.has('/new/child')).toBe(true);
});

test.each(['/soc@f0000000/serial@60000', '//soc@f0000000//serial@60000/', '/soc/serial', 'serial0', 'serial0/'])(
  'finds the target %s',
  (path) => {
    expect(property(apply(at(path, { found: true })), UART, 'found')).toEqual(new Uint8Array(0));
  },
);

test('a name without its unit address finds the whole name first', () => {
  const base = deviceTree({ 'timer@1': {}, timer: {}, 'clock@1': {}, 'clock@2': {} });
  expect(property(apply(at('/timer', { p: true }), base), '/timer', 'p')).toBeDefined();
  expect(property(apply(at('/clock', { p: true }), base), '/clock@1', 'p')).toBeDefined();
});

test("appends the overlay's labels, with the paths of their nodes in the base", () => {
  const tree = apply(
    onUart(
      { child: {} },
      {
        __symbols__: { child: '/fragment@0/__overlay__/child', whole: '/fragment@0/__overlay__', frag: '/fragment@0' },
      },
    ),
  );
  expect(text(property(tree, '/__symbols__', 'child'))).toBe(`${UART}/child\0`);
  expect(text(property(tree, '/__symbols__', 'whole'))).toBe(`${UART}\0`);
  expect(nodeAt(tree, '/__symbols__').properties.has('frag')).toBe(false);
  expect(text(property(tree, '/__symbols__', 'uart'))).toBe(`${UART}\0`);
});

test('a second overlay refers to the labels of the first', () => {
  const first = apply({
    ...at('/', { new: { phandle: 1 } }),
    __symbols__: { new: '/fragment@0/__overlay__/new' },
  });
  expect(text(property(first, '/__symbols__', 'new'))).toBe('/new\0');
  const tree = apply(
    { 'fragment@0': { target: NOBODY, __overlay__: { p: true } }, __fixups__: { new: '/fragment@0:target:0' } },
    first,
  );
  expect(property(tree, '/new', 'p')).toBeDefined();
});

test('a base without labels takes an overlay that refers to none, and has those of the overlay then', () => {
  const tree = apply({ ...at('/', { x: {} }), __symbols__: { x: '/fragment@0/__overlay__/x' } }, deviceTree({}));
  expect(text(property(tree, '/__symbols__', 'x'))).toBe('/x\0');
});

const about = (
  kind: OverlayProblem['kind'],
  fragment: string | null,
  symbol: string | null,
): Partial<OverlayProblem> => ({
  kind,
  fragment,
  symbol,
});

test('refuses a whole tree in the place of an overlay', () => {
  expect(problem({ 'soc@f0000000': { reg: 1 } })).toMatchObject(about('not-an-overlay', null, null));
});

test('refuses references to a base without labels, and says how it gets them', () => {
  const found = problem(onUart({}), deviceTree({ soc: {} }));
  expect(found).toMatchObject(about('no-symbols', null, 'uart'));
  expect(found.what).toContain('dtc -@');
});

test('refuses a label that the base does not have, whose node is gone, or has no phandle', () => {
  const labelled = (symbol: string): NodeLiteral => onUart({}, { __fixups__: { [symbol]: '/fragment@0:target:0' } });
  expect(problem(labelled('nowhere'))).toMatchObject(about('unknown-symbol', null, 'nowhere'));
  expect(problem(labelled('gone'))).toMatchObject(about('bad-symbol', null, 'gone'));
  expect(problem(labelled('bare'))).toMatchObject(about('bad-symbol', null, 'bare'));
});

test.each<[what: string, fragment: NodeLiteral]>([
  ['no target', { __overlay__: {} }],
  ['a target of two cells', { target: [1, 2], __overlay__: {} }],
  ['a label that no fixup lists', { target: NOBODY, __overlay__: {} }],
  ['a phandle of nothing', { target: 99, __overlay__: {} }],
  ['a path of nothing', { 'target-path': '/soc@f0000000/nothing', __overlay__: {} }],
  ['a path that is no string', { 'target-path': Uint8Array.of(47), __overlay__: {} }],
  ['an alias of nothing', { 'target-path': 'serial1', __overlay__: {} }],
])('refuses a fragment with %s', (_, fragment) => {
  expect(problem({ 'fragment@5': fragment })).toMatchObject(about('no-target', '/fragment@5', null));
});

test.each([
  'x',
  '',
  '/fragment@0',
  '/fragment@0:target',
  '/fragment@0:target:',
  '/fragment@0:target:-1',
  '/fragment@0:target:1',
  '/fragment@0:target:4294967295',
  '/fragment@0:target:99999999999999999999',
  '/fragment@0:other:0',
  '/fragment@1:target:0',
  ':target:0',
])('refuses the fixup %j', (place) => {
  expect(problem(onUart({}, { __fixups__: { uart: place } }))).toMatchObject(about('bad-fixup', null, 'uart'));
});

test.each<[what: string, fixups: NodeLiteral]>([
  ['of a node that is not there', { 'fragment@9': { p: 0 } }],
  ['of a property that is not there', { 'fragment@0': { p: 0 } }],
  ['behind the end of its property', { 'fragment@0': { target: 1 } }],
  ['nearly 4 GiB away', { 'fragment@0': { target: NOBODY } }],
  ['that is no list of offsets', { 'fragment@0': { target: Uint8Array.of(0, 0) } }],
])('refuses a local fixup %s', (_, fixups) => {
  expect(problem(onUart({}, { __local_fixups__: fixups }))).toMatchObject(about('bad-fixup', null, null));
});

test.each<[what: string, phandle: number | Uint8Array]>([
  ['0', 0],
  ['0xffffffff', NOBODY],
  ['that has no room above those of the base', 0xffff_fffe],
  ['of two bytes', Uint8Array.of(0, 1)],
])('refuses a phandle %s', (_, phandle) => {
  expect(problem(at('/', { a: { phandle } })).kind).toBe('phandle');
});

test.each(['relative', '/fragment@7/__overlay__/x', Uint8Array.of(47), '/a\0/b'])('refuses the label %j', (path) => {
  const found = problem(onUart({}, { __symbols__: { new: path } }));
  expect(found).toMatchObject(about('bad-symbol', null, 'new'));
});

test('refuses to make a tree deeper or larger than one that is read', () => {
  const nested = (levels: number): NodeLiteral => (levels === 0 ? {} : { a: nested(levels - 1) });
  const deep = deviceTree(nested(MAX_TREE_DEPTH - 3));
  const bottom = `${'/a'.repeat(MAX_TREE_DEPTH - 3)}`;
  expect(apply(at(bottom, nested(3)), deep).nodes).toHaveLength(MAX_TREE_DEPTH + 1);
  expect(problem(at(bottom, nested(4)), deep)).toMatchObject(about('limit', '/fragment@0', null));
  const nodes = BASE.nodes.length;
  expect(problem(at('/', { a: {}, b: {} }), BASE, { ...FDT_LIMITS, nodes: nodes + 1 }).kind).toBe('limit');
  expect(problem(at('/', { a: {} }), BASE, { ...FDT_LIMITS, pathCharacters: 10 }).kind).toBe('limit');
});
