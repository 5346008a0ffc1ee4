import fc from 'fast-check';
import { expect, test } from 'vitest';
import { deviceTree } from '../../testing/index.ts';
import { randomDeviceTree } from '../../testing/random-device-tree.ts';
import { childPath, treeOf, type DeviceTree, type FlatNode } from '../../model/index.ts';
import { applyOverlay } from './overlay.ts';
import { readFdt } from './read-fdt.ts';
import { writeFdt } from './write-fdt.ts';

const BASE = deviceTree({
  aliases: { serial0: '/soc@1/uart@2' },
  'soc@1': { phandle: 1, 'uart@2': { phandle: 2, p: [1, 2] } },
  __symbols__: { soc: '/soc@1', uart: '/soc@1/uart@2' },
});

const OVERLAY = deviceTree({
  'fragment@0': { target: 0xffff_ffff, __overlay__: { p: [1, 0xffff_ffff], 'new@3': { phandle: 1, self: 1 } } },
  'fragment@1': { 'target-path': '/soc@1', __overlay__: { phandle: 2, 'uart@2': { q: true } } },
  'fragment@2': { target: 1, __overlay__: { r: 2 } },
  __symbols__: { made: '/fragment@0/__overlay__/new@3' },
  __fixups__: { uart: ['/fragment@0:target:0', '/fragment@0/__overlay__:p:4'] },
  __local_fixups__: {
    'fragment@0': { __overlay__: { 'new@3': { self: 0 } } },
    'fragment@2': { target: 0, __overlay__: { r: 0 } },
  },
});

/** It ends with a problem in words, or with a tree that can be written and read again. */
function holds(base: DeviceTree, overlay: DeviceTree): boolean {
  const result = applyOverlay(base, overlay);
  if ('problem' in result) {
    expect(result.problem.what).not.toMatch(/undefined|null|NaN/);
    return false;
  }
  const again = readFdt(writeFdt(result.tree));
  if ('problem' in again) throw new Error(JSON.stringify(again.problem));
  const paths = (tree: DeviceTree): string[] => tree.nodes.map(({ path }) => path);
  expect(paths(again.tree)).toEqual(paths(result.tree));
  for (const path of paths(base)) expect(result.tree.byPath.has(path)).toBe(true);
  return true;
}

test('the overlay that is changed below is a sound one', () => {
  expect(holds(BASE, OVERLAY)).toBe(true);
});

test('an overlay with flipped bits and changed words is applied or refused', () => {
  const sound = writeFdt(OVERLAY);
  let applied = 0;
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 6 }), (changes) => {
      const bytes = Uint8Array.from(sound);
      for (const [at, byte] of changes) bytes[56 + (at % (bytes.length - 56))] = byte;
      const reading = readFdt(bytes);
      if (!('problem' in reading) && holds(BASE, reading.tree)) applied += 1;
    }),
    { numRuns: 3000 },
  );
  expect(applied).toBeGreaterThan(0);
});

/** Any tree below a fragment, with a target that the base has. */
const anyFragment = fc
  .tuple(randomDeviceTree, fc.constantFrom('/', '/soc@1', '/soc/uart', 'serial0', '/nowhere'))
  .map(([content, target]) => {
    const moved = ({ path, properties }: FlatNode): FlatNode => {
      const below = path === '/' ? '' : path.slice(1);
      return { path: below === '' ? '/f/__overlay__' : childPath('/f/__overlay__', below), properties };
    };
    const targetPath = Uint8Array.from(`${target}\0`, (character) => character.charCodeAt(0));
    return treeOf([
      { path: '/', properties: new Map() },
      { path: '/f', properties: new Map([['target-path', targetPath]]) },
      ...content.nodes.map(moved),
    ]);
  });

test('any tree is laid over any other, twice with the same result', () => {
  fc.assert(
    fc.property(randomDeviceTree, anyFragment, (base, overlay) => {
      for (const under of [base, BASE]) {
        if (!holds(under, overlay)) continue;
        const once = applyOverlay(under, overlay);
        const twice = 'problem' in once ? once : applyOverlay(once.tree, overlay);
        if ('problem' in once || 'problem' in twice) throw new Error('refused the second time');
        expect(writeFdt(twice.tree)).toEqual(writeFdt(once.tree));
      }
    }),
    { numRuns: 200 },
  );
});
