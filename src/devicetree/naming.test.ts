import { expect, test } from 'vitest';
import { deviceTree, p4080Tree } from '../testing/index.ts';
import { aliasesOf, findNode, labelsOf } from './naming.ts';
import type { DeviceTree } from '../model/index.ts';

/** The path that a name leads to, or what else became of it. */
function found(tree: DeviceTree, name: string): string {
  const result = findNode(tree, name);
  switch (result.kind) {
    case 'node':
      return `${result.by} ${result.node.path}`;
    case 'ambiguous':
      return `ambiguous ${result.candidates.map(({ path }) => path).join()}`;
    case 'unknown':
      return `unknown ${result.near.join()}`.trim();
  }
}

const USB = '/soc@ffe000000/usb@210000';

test('R-NAME-1: finds a node by its path, with or without a slash behind it', () => {
  expect(found(p4080Tree(), USB)).toBe(`path ${USB}`);
  expect(found(p4080Tree(), `${USB}/`)).toBe(`path ${USB}`);
  expect(found(p4080Tree(), '/')).toBe('path /');
});

test('R-NAME-1: takes a part without its unit address where one child alone has the name', () => {
  expect(found(p4080Tree(), '/soc/usb')).toBe(`path ${USB}`);
  expect(found(p4080Tree(), '/soc/crypto/jr@2000')).toBe('path /soc@ffe000000/crypto@300000/jr@2000');
});

test('R-NAME-3: lists the nodes that a name without unit address may mean', () => {
  expect(found(p4080Tree(), '/soc/msi')).toBe(
    'ambiguous /soc@ffe000000/msi@41600,/soc@ffe000000/msi@41800,/soc@ffe000000/msi@41a00',
  );
});

test('lets the rest of a path decide between parts of one name', () => {
  const tree = deviceTree({ 'bus@1': { a: {} }, 'bus@2': { b: {} } });
  expect(found(tree, '/bus/b')).toBe('path /bus@2/b');
});

test('prefers the child of exactly that name', () => {
  expect(found(deviceTree({ usb: {}, 'usb@1': {} }), '/usb')).toBe('path /usb');
});

test('R-NAME-1: finds a node by alias, and below an alias by the rest of the path', () => {
  expect(found(p4080Tree(), 'usb0')).toBe(`alias ${USB}`);
  expect(found(p4080Tree(), 'crypto/jr@1000')).toBe('alias /soc@ffe000000/crypto@300000/jr@1000');
});

test('finds a node by its label, where the tree has labels', () => {
  const tree = deviceTree({ dev: { child: {} }, __symbols__: { nic: '/dev' } });
  expect(found(tree, '&nic')).toBe('label /dev');
  expect(found(tree, '&nic/child')).toBe('label /dev/child');
  expect(found(tree, 'nic')).toBe('unknown');
});

test('R-NAME-3: names what is near, in the form that was written', () => {
  expect(found(p4080Tree(), 'usb1')).toMatch(/^unknown usb0/);
  expect(found(p4080Tree(), '/soc/usb@21000')).toBe(`unknown /soc/usb@210000`);
  expect(found(deviceTree({ dev: {}, __symbols__: { nic0: '/dev' } }), '&nic1')).toBe('unknown &nic0');
});

test('R-NAME-3: names the paths that end in what was written', () => {
  expect(found(p4080Tree(), 'i2c@119000')).toBe('unknown /soc@ffe000000/i2c@119000');
  expect(found(p4080Tree(), '/usb')).toBe(`unknown ${USB}`);
});

test('finds nothing near a name that is like no other', () => {
  expect(found(p4080Tree(), '/zzzzzzzzzzzz')).toBe('unknown');
  expect(found(p4080Tree(), '')).toBe('unknown');
});

test('reads only aliases and labels that lead to a node', () => {
  const tree = deviceTree({
    aliases: { a: '/dev', gone: '/none', text: 'dev', empty: true, phandle: 1 },
    dev: {},
  });
  expect([...aliasesOf(tree)].map(([name, { path }]) => [name, path])).toEqual([['a', '/dev']]);
  expect(labelsOf(tree).size).toBe(0);
});
