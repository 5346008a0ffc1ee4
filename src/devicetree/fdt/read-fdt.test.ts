import { expect, test } from 'vitest';
import { MAX_TREE_DEPTH } from '../../model/index.ts';
import { FDT_LIMITS, type FdtProblem } from './format.ts';
import { readFdt, type Fdt } from './read-fdt.ts';

const BEGIN = 1;
const END_NODE = 2;
const PROP = 3;
const NOP = 4;
const END = 9;

const ROOT = [BEGIN, ''] as const;

/** A part of a structure block: a word, or a name or a value, which are padded to words. */
type Part = number | string | Uint8Array;

interface Shape {
  readonly structure: readonly Part[];
  /** Names of properties, each ended by a NUL unless it brings its own ends. */
  readonly strings?: readonly string[] | string;
  readonly version?: number;
  readonly lastCompatible?: number;
  readonly reservations?: readonly (readonly [bigint, bigint])[];
  readonly bootCpu?: number;
  /** Header fields by their offsets, set at the end. */
  readonly patch?: Readonly<Record<number, number>>;
  /** The alignment of the structure block, 4 as it stands. */
  readonly shift?: number;
}

const bytesOf = (text: string): number[] => Array.from(text, (character) => character.charCodeAt(0));
const padded = (bytes: readonly number[]): number[] => [
  ...bytes,
  ...new Array<number>((4 - (bytes.length % 4)) % 4).fill(0),
];
const wordOf = (value: number): number[] => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];

function partBytes(part: Part): number[] {
  if (typeof part === 'number') return wordOf(part);
  return padded(typeof part === 'string' ? [...bytesOf(part), 0] : Array.from(part));
}

/** A blob put together by hand, so that no writer of ours can hide a mistake of the reader. */
function blob(shape: Shape): Uint8Array {
  const { version = 17, lastCompatible = 16, reservations = [], bootCpu = 0, strings = [] } = shape;
  const names = bytesOf(typeof strings === 'string' ? strings : strings.map((name) => `${name}\0`).join(''));
  const structure = shape.structure.flatMap(partBytes);
  const reserved = [...reservations, [0n, 0n] as const].flatMap((pair) =>
    pair.flatMap((value) => [...wordOf(Number(value >> 32n)), ...wordOf(Number(value & 0xffff_ffffn))]),
  );
  const structureAt = 40 + reserved.length + (shape.shift ?? 0);
  const stringsAt = structureAt + structure.length;
  const total = stringsAt + names.length;
  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  const fields = [0xd00dfeed, total, structureAt, stringsAt, 40, version, lastCompatible, bootCpu, names.length];
  [...fields, structure.length].forEach((value, index) => view.setUint32(index * 4, value));
  bytes.set(reserved, 40);
  bytes.set(structure, structureAt);
  bytes.set(names, stringsAt);
  for (const [at, value] of Object.entries(shape.patch ?? {})) view.setUint32(Number(at), value);
  return bytes;
}

function read(bytes: Uint8Array): Fdt {
  const reading = readFdt(bytes);
  if ('problem' in reading) throw new Error(JSON.stringify(reading.problem));
  return reading;
}

function problem(bytes: Uint8Array, limits = FDT_LIMITS): FdtProblem {
  const reading = readFdt(bytes, limits);
  if (!('problem' in reading)) throw new Error('it was read');
  expect(reading.problem.offset).toBeGreaterThanOrEqual(0);
  expect(reading.problem.offset).toBeLessThanOrEqual(bytes.length);
  expect(reading.problem.what).not.toContain('undefined');
  return reading.problem;
}

const at = (kind: FdtProblem['kind'], offset: number): Partial<FdtProblem> => ({ kind, offset });

/** Where the structure block of {@link blob} begins, without reservations. */
const S = 56;

const SOUND = {
  structure: [
    ...[...ROOT, PROP, 4, 0, 7, PROP, 5, 5, Uint8Array.of(1, 2, 3, 4, 5), PROP, 0, 8],
    ...[BEGIN, 'soc@1f', PROP, 4, 0, 8, END_NODE, BEGIN, 'cpus', END_NODE],
    ...[END_NODE, END],
  ],
  strings: ['reg#', 'b?', 'phandle'],
} as const;

test('reads nodes, their order, their properties and what stands beside the tree', () => {
  const { tree, reservations, bootCpu } = read(
    blob({ ...SOUND, reservations: [[0x1_0000_0000n, 0x2000n]], bootCpu: 3 }),
  );
  expect(tree.nodes.map(({ path }) => path)).toEqual(['/', '/soc@1f', '/cpus']);
  expect([...tree.root.properties]).toEqual([
    ['reg#', Uint8Array.of(0, 0, 0, 7)],
    ['b?', Uint8Array.of(1, 2, 3, 4, 5)],
    ['phandle', new Uint8Array(0)],
  ]);
  expect(tree.byPath.get('/soc@1f')?.properties.get('reg#')).toEqual(Uint8Array.of(0, 0, 0, 8));
  expect(reservations).toEqual([{ address: 0x1_0000_0000n, size: 0x2000n }]);
  expect(bootCpu).toBe(3);
});

test('reads version 16, whose header does not have the size of the structure block', () => {
  expect(read(blob({ ...SOUND, version: 16, patch: { 36: 0xffff_ffff } })).tree.nodes).toHaveLength(3);
});

test('reads a later version that says it is compatible with 17', () => {
  expect(read(blob({ ...SOUND, version: 18, lastCompatible: 17 })).tree.nodes).toHaveLength(3);
});

test('takes a part of a property name for a name, as writers share the ends of names', () => {
  const { tree } = read(blob({ structure: [...ROOT, PROP, 0, 6, END_NODE, END], strings: ['linux,phandle'] }));
  expect([...tree.root.properties.keys()]).toEqual(['phandle']);
});

test('skips FDT_NOP wherever one may stand', () => {
  const { structure } = SOUND;
  const words = structure.map((part, index): readonly Part[] => {
    const before = structure[index - 1];
    const isToken = part === BEGIN || part === END_NODE || part === END || (part === PROP && before !== 4);
    return isToken ? [NOP, NOP, part] : [part];
  });
  expect(read(blob({ ...SOUND, structure: words.flat() })).tree.nodes).toHaveLength(3);
});

test('ignores what stands behind the size in the header', () => {
  const bytes = blob(SOUND);
  const longer = new Uint8Array(bytes.length + 4096).fill(0xff);
  longer.set(bytes);
  expect(read(longer).tree.nodes).toHaveLength(3);
});

test('ignores what stands behind FDT_END', () => {
  expect(read(blob({ ...SOUND, structure: [...SOUND.structure, 0xdead] })).tree.nodes).toHaveLength(3);
});

test('reads a blob that begins anywhere in its buffer', () => {
  const bytes = blob(SOUND);
  const shifted = new Uint8Array(bytes.length + 3);
  shifted.set(bytes, 3);
  expect(read(shifted.subarray(3)).tree.nodes).toHaveLength(3);
});

test('gives a tree that does not change with the bytes it was read from', () => {
  const bytes = Buffer.from(blob(SOUND));
  const { tree } = read(bytes);
  bytes.fill(0xff);
  expect(tree.root.properties.get('reg#')).toEqual(Uint8Array.of(0, 0, 0, 7));
});

test('reads two nodes with one phandle, and a node that refers to itself', () => {
  const { tree } = read(
    blob({
      structure: [
        ...ROOT,
        BEGIN,
        'a',
        PROP,
        4,
        0,
        1,
        PROP,
        4,
        8,
        1,
        END_NODE,
        BEGIN,
        'b',
        PROP,
        4,
        0,
        1,
        END_NODE,
        END_NODE,
        END,
      ],
      strings: ['phandle', 'interrupt-parent'],
    }),
  );
  expect(tree.byPhandle.get(1)?.path).toBe('/a');
  expect(tree.nodes).toHaveLength(3);
});

test('ends the reservations at an entry of size 0, whatever its address', () => {
  const reservations = [[1n, 2n] as const, [3n, 0n] as const, [5n, 6n] as const];
  expect(read(blob({ ...SOUND, reservations })).reservations).toEqual([{ address: 1n, size: 2n }]);
});

test.each([0, 1, 4, 35])('refuses a blob of %d bytes', (length) => {
  expect(problem(blob(SOUND).subarray(0, length))).toMatchObject(at('truncated', length));
});

test('refuses a blob of version 17 that ends before the last field of its header', () => {
  expect(problem(blob({ ...SOUND, patch: { 4: 36 } }))).toMatchObject(at('block', 4));
});

test('refuses something that is no blob', () => {
  expect(problem(new TextEncoder().encode('/dts-v1/;\n/ {\n};\n'.repeat(10)))).toMatchObject(at('not-a-blob', 0));
});

test('refuses a size in the header that is larger than the blob', () => {
  const bytes = blob(SOUND);
  expect(problem(bytes.subarray(0, bytes.length - 1))).toMatchObject(at('truncated', 4));
  expect(problem(blob({ ...SOUND, patch: { 4: 0xffff_ffff } }))).toMatchObject(at('truncated', 4));
});

test('refuses version 15, and says what writes it anew', () => {
  const found = problem(blob({ ...SOUND, version: 15, lastCompatible: 1 }));
  expect(found).toMatchObject(at('version', 20));
  expect(found.what).toContain('dtc');
});

test('refuses version 18 that can only be read from 18 on', () => {
  expect(problem(blob({ ...SOUND, version: 18, lastCompatible: 18 }))).toMatchObject(at('version', 24));
});

test('refuses a version below what it says it is compatible with', () => {
  expect(problem(blob({ ...SOUND, version: 16, lastCompatible: 17 }))).toMatchObject(at('version', 24));
});

test.each([
  ['a structure block in the header', { 8: 36 }, 8],
  ['a structure block behind the end', { 8: 0x7fff_fffc }, 8],
  ['a structure block that is not aligned', { 8: S + 2 }, 8],
  ['a structure block that ends behind the end', { 36: 0x1000 }, 36],
  ['a structure block whose size goes round 32 bits', { 36: 0xffff_fffc }, 36],
  ['a strings block in the header', { 12: 0 }, 12],
  ['a strings block behind the end', { 12: 0xffff_ffff }, 12],
  ['a strings block that ends behind the end', { 32: 0x1000 }, 32],
  ['reservations in the header', { 16: 32 }, 16],
  ['reservations behind the end', { 16: 0x1000_0000 }, 16],
  ['reservations that are not aligned', { 16: 44 }, 16],
])('refuses %s', (_, patch, offset) => {
  expect(problem(blob({ ...SOUND, patch }))).toMatchObject(at('block', offset));
});

test('refuses reservations without a last one', () => {
  const bytes = blob(SOUND);
  const open = new Uint8Array(bytes.length + 16).fill(0xff);
  open.set(bytes);
  new DataView(open.buffer).setUint32(4, open.length);
  const start = Math.ceil(bytes.length / 8) * 8;
  new DataView(open.buffer).setUint32(16, start);
  expect(problem(open)).toMatchObject(at('reservations', start));
});

test.each<[what: string, structure: Part[], kind: FdtProblem['kind'], offset: number]>([
  ['an empty structure block', [], 'overrun', S],
  ['a structure block without a root', [END], 'nesting', S],
  ['a property before the root', [PROP, 0, 0], 'nesting', S],
  ['an end before the root', [END_NODE], 'nesting', S],
  ['a root with a name', [BEGIN, 'root', END_NODE, END], 'name', S],
  ['two roots', [...ROOT, END_NODE, ...ROOT, END_NODE, END], 'nesting', S + 12],
  ['a property behind the root', [...ROOT, END_NODE, PROP, 0, 0, END], 'nesting', S + 12],
  ['an end too many', [...ROOT, END_NODE, END_NODE, END], 'nesting', S + 12],
  ['an end too few', [...ROOT, BEGIN, 'a', END_NODE, END], 'nesting', S + 20],
  ['a missing FDT_END', [...ROOT, END_NODE], 'overrun', S + 12],
  ['a word that is no token', [...ROOT, 7, END_NODE, END], 'token', S + 8],
  ['a name that does not end', [...ROOT, BEGIN, Uint8Array.from(bytesOf('abcd'))], 'overrun', S + 12],
  ['a property cut off behind its token', [...ROOT, PROP], 'overrun', S + 12],
  ['a property cut off behind its length', [...ROOT, PROP, 0], 'overrun', S + 16],
  ['a value longer than the block', [...ROOT, PROP, 9, 0, END_NODE, END], 'overrun', S + 12],
  ['a value of nearly 4 GiB', [...ROOT, PROP, 0xffff_fffc, 0, END_NODE, END], 'overrun', S + 12],
  ['a value of all the length there is', [...ROOT, PROP, 0xffff_ffff, 0, END_NODE, END], 'overrun', S + 12],
  ['a name outside of the strings block', [...ROOT, PROP, 0, 99, END_NODE, END], 'overrun', S + 16],
  ['a name nearly 4 GiB away', [...ROOT, PROP, 0, 0xffff_ffff, END_NODE, END], 'overrun', S + 16],
  ['a property without a name', [...ROOT, PROP, 0, 4, END_NODE, END], 'name', S + 16],
  ['two properties of one name', [...ROOT, PROP, 0, 0, PROP, 0, 0, END_NODE, END], 'duplicate', S + 20],
  [
    'two children of one name',
    [...ROOT, BEGIN, 'a', END_NODE, BEGIN, 'a', END_NODE, END_NODE, END],
    'duplicate',
    S + 20,
  ],
  ['a property behind a child', [...ROOT, BEGIN, 'a', END_NODE, PROP, 0, 0, END_NODE, END], 'order', S + 20],
  ['a name of 256 characters', [...ROOT, BEGIN, 'a'.repeat(256), END_NODE, END_NODE, END], 'name', S + 12],
])('refuses %s', (_, structure, kind, offset) => {
  expect(problem(blob({ structure, strings: ['reg#'.slice(0, 4), ''] }))).toMatchObject(at(kind, offset));
});

test.each(['', '.', '..', 'a/b', '/', 'a b', 'a@1@2', '@1', 'a\u00e9', 'a\n', '"', 'a\\b', 'a:b', '#a', 'a*', 'a@?'])(
  'refuses a node called %j',
  (name) => {
    expect(problem(blob({ structure: [...ROOT, BEGIN, name, END_NODE, END_NODE, END] }))).toMatchObject(
      at('name', S + 8),
    );
  },
);

test.each(['a', 'a@', 'a@0,1f', 'PowerPC,e500mc@0', 'partition@u-boot', '__symbols__', '__proto__', 'a'.repeat(255)])(
  'reads a node called %j',
  (name) => {
    const { tree } = read(blob({ structure: [...ROOT, BEGIN, name, END_NODE, END_NODE, END] }));
    expect(tree.byPath.get(`/${name}`)?.name).toBe(name);
  },
);

test.each(['a/b', 'a b', 'a@1', '..\u0001', 'a'.repeat(256)])('refuses a property called %j', (name) => {
  expect(problem(blob({ structure: [...ROOT, PROP, 0, 0, END_NODE, END], strings: [name] })).kind).toBe('name');
});

test('refuses a property name that its block cuts off', () => {
  const found = problem(blob({ structure: [...ROOT, PROP, 0, 1, END_NODE, END], strings: 'abc' }));
  expect(found).toMatchObject(at('overrun', S + 28 + 1));
});

const nested = (depth: number): Part[] => [
  ...ROOT,
  ...new Array<Part[]>(depth).fill([BEGIN, 'a']).flat(),
  ...new Array<Part>(depth + 1).fill(END_NODE),
  END,
];

test('reads a tree as deep as Linux reads one, and refuses one level more', () => {
  expect(read(blob({ structure: nested(MAX_TREE_DEPTH) })).tree.nodes).toHaveLength(MAX_TREE_DEPTH + 1);
  const found = problem(blob({ structure: nested(MAX_TREE_DEPTH + 1) }));
  expect(found).toMatchObject(at('limit', S + 8 + 8 * MAX_TREE_DEPTH));
});

test('refuses 10,000 levels, and as many that never end', () => {
  expect(problem(blob({ structure: nested(10_000) })).kind).toBe('limit');
  expect(problem(blob({ structure: new Array<Part[]>(10_000).fill([BEGIN, '']).flat() })).kind).toBe('name');
});

test('refuses more than the limits allow', () => {
  const bytes = blob(SOUND);
  expect(problem(bytes, { ...FDT_LIMITS, bytes: bytes.length - 1 })).toMatchObject(at('limit', 4));
  expect(problem(bytes, { ...FDT_LIMITS, nodes: 2 }).kind).toBe('limit');
  expect(problem(bytes, { ...FDT_LIMITS, properties: 3 }).kind).toBe('limit');
  expect(problem(bytes, { ...FDT_LIMITS, pathCharacters: 12 }).kind).toBe('limit');
  const exact = { bytes: bytes.length, nodes: 3, properties: 4, pathCharacters: 13, reservations: 0 };
  expect(readFdt(bytes, exact)).toHaveProperty('tree');
  expect(problem(blob({ ...SOUND, reservations: [[1n, 1n]] }), { ...FDT_LIMITS, reservations: 0 })).toMatchObject(
    at('limit', 40),
  );
});
