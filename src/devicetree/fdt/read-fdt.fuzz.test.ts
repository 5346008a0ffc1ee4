import fc from 'fast-check';
import { expect, test } from 'vitest';
import { randomDeviceTree } from '../../testing/random-device-tree.ts';
import { MAX_TREE_DEPTH, type DeviceTree } from '../../model/index.ts';
import { FDT_LIMITS, FDT_MAGIC, type FdtProblem } from './format.ts';
import { readFdt } from './read-fdt.ts';
import { writeFdt } from './write-fdt.ts';

const reservation = fc.record({
  address: fc.bigInt(0n, 0xffff_ffff_ffff_ffffn),
  size: fc.bigInt(1n, 0xffff_ffff_ffff_ffffn),
});
const extras = fc.record({
  reservations: fc.array(reservation, { maxLength: 3 }),
  bootCpu: fc.nat({ max: 0xffff_ffff }),
});
const soundBlob = fc.tuple(randomDeviceTree, extras).map(([tree, more]) => writeFdt(tree, more));

/** Words that a careless reader adds to an address. */
const extreme = fc.constantFrom(0, 1, 2, 3, 4, 9, 0x7fff_fffc, 0x7fff_ffff, 0x8000_0000, 0xffff_fffc, 0xffff_ffff);

/** Whatever it is: it ends with a tree that keeps every promise of a tree, or with a problem that has a place. */
function holds(bytes: Uint8Array): void {
  const before = Uint8Array.from(bytes);
  const reading = readFdt(bytes);
  // Plain comparisons: an `expect` for each node of thousands of trees takes minutes.
  const broken =
    'problem' in reading ? brokenProblem(reading.problem, bytes.length) : brokenTree(reading.tree, bytes.length);
  if (Buffer.compare(bytes, before) !== 0) broken.push('the bytes are others than before');
  expect(broken).toEqual([]);
}

function brokenProblem({ offset, what }: FdtProblem, length: number): string[] {
  const broken: string[] = [];
  if (!Number.isInteger(offset) || offset < 0 || offset > length) broken.push(`its place is ${offset}`);
  if (/undefined|null|NaN/.test(what)) broken.push(what);
  return broken;
}

const PATH = /^(\/|(\/(?!\.{1,2}(\/|$))[a-zA-Z0-9,._+@-]+)+)$/;

function brokenTree(tree: DeviceTree, length: number): string[] {
  const broken: string[] = [];
  let values = 0;
  for (const node of tree.nodes) {
    for (const value of node.properties.values()) values += value.length;
    const levels = node.path.split('/').length - 1;
    if (tree.byPath.get(node.path) !== node) broken.push(`${node.path} is not found by its path`);
    if (!PATH.test(node.path) || levels > MAX_TREE_DEPTH) broken.push(`${node.path} is no path`);
    if (node.parent ? !node.parent.children.includes(node) : node !== tree.root) broken.push(`${node.path} is lost`);
  }
  if (tree.byPath.size !== tree.nodes.length) broken.push('two nodes have one path');
  if (values > length) broken.push('the values are longer than the blob');
  return broken;
}

test('a tree that is written is read as the same tree', () => {
  fc.assert(
    fc.property(randomDeviceTree, extras, (tree, more) => {
      const reading = readFdt(writeFdt(tree, more));
      if ('problem' in reading) throw new Error(JSON.stringify(reading.problem));
      const flat = (nodes: typeof tree.nodes): unknown => nodes.map(({ path, properties }) => [path, [...properties]]);
      expect(flat(reading.tree.nodes)).toEqual(flat(tree.nodes));
      expect(reading.reservations).toEqual(more.reservations);
      expect(reading.bootCpu).toBe(more.bootCpu);
    }),
    { numRuns: 300 },
  );
});

test('random bytes are refused, with a place inside of them', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (bytes, withMagic) => {
      if (withMagic && bytes.length >= 4) new DataView(bytes.buffer, bytes.byteOffset).setUint32(0, FDT_MAGIC);
      holds(bytes);
    }),
    { numRuns: 2000 },
  );
});

test('a blob with words replaced by extreme ones is a tree or a problem', () => {
  const change = fc.tuple(fc.nat({ max: 1000 }), extreme);
  fc.assert(
    fc.property(soundBlob, fc.array(change, { minLength: 1, maxLength: 3 }), (blob, changes) => {
      const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
      for (const [at, word] of changes) view.setUint32((at * 4) % (blob.length - 4), word);
      holds(blob);
    }),
    { numRuns: 1500 },
  );
});

test('a blob with every header field at each extreme is a tree or a problem', () => {
  fc.assert(
    fc.property(soundBlob, fc.integer({ min: 1, max: 9 }), extreme, (blob, field, word) => {
      new DataView(blob.buffer, blob.byteOffset, blob.byteLength).setUint32(field * 4, word);
      holds(blob);
    }),
    { numRuns: 1000 },
  );
});

test('a blob with flipped bits is a tree or a problem', () => {
  fc.assert(
    fc.property(soundBlob, fc.array(fc.nat(), { minLength: 1, maxLength: 8 }), (blob, bits) => {
      for (const bit of bits) {
        const at = (bit >> 3) % blob.length;
        blob[at] = (blob[at] ?? 0) ^ (1 << (bit & 7));
      }
      holds(blob);
    }),
    { numRuns: 1500 },
  );
});

test('a blob that is cut off anywhere is refused', () => {
  fc.assert(
    fc.property(soundBlob, fc.nat(), (blob, length) => {
      const cut = blob.subarray(0, length % blob.length);
      holds(cut);
      expect(readFdt(cut)).toHaveProperty('problem');
    }),
    { numRuns: 500 },
  );
});

test('a blob that is cut off and says so is a tree or a problem', () => {
  fc.assert(
    fc.property(soundBlob, fc.nat(), (blob, length) => {
      const cut = blob.slice(0, 40 + (length % (blob.length - 40)));
      new DataView(cut.buffer).setUint32(4, cut.length);
      holds(cut);
    }),
    { numRuns: 500 },
  );
});

test('two blobs spliced together, with or without the right size, are a tree or a problem', () => {
  fc.assert(
    fc.property(soundBlob, soundBlob, fc.nat(), fc.nat(), fc.boolean(), (first, second, to, from, repair) => {
      const head = first.subarray(0, to % (first.length + 1));
      const spliced = new Uint8Array([...head, ...second.subarray(from % second.length)]);
      if (repair && spliced.length >= 8) new DataView(spliced.buffer).setUint32(4, spliced.length);
      holds(spliced);
    }),
    { numRuns: 1000 },
  );
});

test('small limits are kept, whatever the tree', () => {
  fc.assert(
    fc.property(soundBlob, fc.nat({ max: 20 }), fc.nat({ max: 40 }), (blob, nodes, properties) => {
      const reading = readFdt(blob, { ...FDT_LIMITS, nodes, properties, pathCharacters: 200 });
      if ('problem' in reading) return;
      const { tree } = reading;
      expect(tree.nodes.length).toBeLessThanOrEqual(nodes);
      expect(tree.nodes.reduce((sum, node) => sum + node.properties.size, 0)).toBeLessThanOrEqual(properties);
      expect(tree.nodes.map(({ path }) => path).join('').length).toBeLessThanOrEqual(200);
    }),
    { numRuns: 300 },
  );
});
