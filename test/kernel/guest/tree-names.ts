import { readFileSync } from 'node:fs';
import { linuxDevices } from '../../../src/devicetree/linux-devices.ts';
import { readFdt } from '../../../src/devicetree/fdt/read-fdt.ts';
import { equal, holds } from './assert.ts';
import { treeDevices } from './platform.ts';
import type { Scenario } from './scenario.ts';

/** The names that the compiler gives to the nodes of a tree are those that this kernel gave them, all of them. */
export const treeNames: Scenario = ({ test }) => {
  test('R-NAME-2: of every node that has a Linux device the bus and the name are known, and of no other', () => {
    const read = readFdt(readFileSync('/sys/firmware/fdt'));
    if ('problem' in read) throw new Error(JSON.stringify(read.problem));
    const shown = treeDevices().flatMap(({ bus, name, node }) =>
      node === undefined ? [] : [`${node}: ${bus} ${name}`],
    );
    const expected = linuxDevices(read.tree).map(({ node, bus, name }) => `${node.path}: ${bus} ${name}`);
    holds(shown.length > 10, `only ${shown.length} devices come from the tree`);
    const [missing, unknown] = [without(expected, shown), without(shown, expected)];
    equal(
      { missing, unknown },
      { missing: [], unknown: [] },
      'what the kernel does not show, and what was not expected',
    );
  });
};

const without = (list: readonly string[], other: readonly string[]): readonly string[] => {
  const known = new Set(other);
  return list.filter((entry) => !known.has(entry)).sort();
};
