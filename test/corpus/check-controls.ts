import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readFdt } from '../../src/devicetree/fdt/read-fdt.ts';
import { treeOf, type DeviceTree, type FlatNode } from '../../src/model/index.ts';
import { differences, plain } from './compare.ts';
import { parseDtcOutput } from './dtc-output.ts';
import { compareWithFdtget } from './fdtget.ts';
import type { Tally } from './tally.ts';
import { dtcBlob, dtcText } from './tools.ts';

const SOURCE = `/dts-v1/;
/ { model = "a\\"b"; soc { #address-cells = <1>; a { reg = <1 2>; flag; }; b { mac = [00 11 22 33 44 55]; }; }; };
`;

/** Ways to read one thing wrong. */
const MISTAKES: Readonly<Record<string, (nodes: FlatNode[]) => FlatNode[]>> = {
  'one byte': (nodes) => change(nodes, '/soc/b', 'mac', Uint8Array.of(0, 0x11, 0x22, 0x33, 0x44, 0x54)),
  'one character': (nodes) => change(nodes, '/', 'model', Uint8Array.of(0x61, 0x22, 0x63, 0)),
  'one byte more': (nodes) => change(nodes, '/soc/a', 'flag', Uint8Array.of(0)),
  'a cell less': (nodes) => change(nodes, '/soc/a', 'reg', Uint8Array.of(0, 0, 0, 1)),
};

const STRUCTURAL: typeof MISTAKES = {
  'a property too few': (nodes) =>
    nodes.map((node) => (node.path === '/soc/b' ? { ...node, properties: new Map() } : node)),
  'a node too few': (nodes) => nodes.slice(0, -1),
  'a node too many': (nodes) => [...nodes, { path: '/soc/c', properties: new Map() }],
  'another order': ([root, soc, ...rest]) => [...(root && soc ? [root, soc] : []), ...rest.toReversed()],
};

/** The comparisons themselves: they find nothing where nothing is wrong, and each planted mistake. */
export function checkControls(tally: Tally): void {
  const blob = dtcBlob(SOURCE);
  const reading = readFdt(blob);
  if ('problem' in reading) return tally.fail('control', [reading.problem.what]);
  const folder = mkdtempSync(path.join(tmpdir(), 'corpus-'));
  const file = path.join(folder, 'control.dtb');
  writeFileSync(file, blob);
  const byDtc = (tree: DeviceTree): number => differences(plain(tree), parseDtcOutput(dtcText(file)).tree, true).length;
  const byFdtget = (tree: DeviceTree): number => compareWithFdtget(file, tree).problems.length;
  try {
    tally.add(
      'control: nothing planted',
      byDtc(reading.tree) + byFdtget(reading.tree) === 0 ? [] : ['found something'],
    );
    for (const [name, plant] of Object.entries({ ...MISTAKES, ...STRUCTURAL })) {
      const wrong = treeOf(plant([...reading.tree.nodes]));
      const missed = byDtc(wrong) === 0 || (name in MISTAKES && byFdtget(wrong) === 0);
      tally.add(`control: ${name}`, missed ? ['not found'] : []);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function change(nodes: readonly FlatNode[], at: string, name: string, value: Uint8Array): FlatNode[] {
  return nodes.map(({ path: place, properties }) => ({
    path: place,
    properties: place === at ? new Map([...properties, [name, value]]) : properties,
  }));
}
