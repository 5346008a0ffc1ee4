import { readFileSync } from 'node:fs';
import { readFdt } from '../../src/devicetree/fdt/read-fdt.ts';
import { writeDts } from '../../src/devicetree/fdt/write-dts.ts';
import { writeFdt } from '../../src/devicetree/fdt/write-fdt.ts';
import type { DeviceTree } from '../../src/model/index.ts';
import { checkTree } from './check-tree.ts';
import { differences, plain } from './compare.ts';
import { parseDtcOutput } from './dtc-output.ts';
import { compareWithFdtget } from './fdtget.ts';
import { dtcBlob, dtcText } from './tools.ts';

/** What came of a blob. */
export interface Outcome {
  readonly file: string;
  readonly nodes: number;
  readonly properties: number;
  readonly askedOfFdtget: number;
  /** Properties that fdtget is not asked for, since it cannot name their nodes. */
  readonly unknownToFdtget: number;
  readonly problems: readonly string[];
}

/** Reads a blob in every way there is, and lists all differences. Throws where a tool does not answer. */
export function checkBlob(file: string): Outcome {
  const bytes = readFileSync(file);
  const reading = readFdt(bytes);
  if ('problem' in reading) {
    const { what, offset } = reading.problem;
    const problems = [`not read: ${what}, at offset ${offset}`];
    return { file, nodes: 0, properties: 0, askedOfFdtget: 0, unknownToFdtget: 0, problems };
  }
  const { tree, reservations } = reading;
  const text = dtcText(file);
  const dtc = parseDtcOutput(text);
  const fdtget = compareWithFdtget(file, tree);
  const problems = [
    ...differences(plain(tree), dtc.tree, true).map((line) => `dtc: ${line}`),
    ...(JSON.stringify(reservations, bigintText) === JSON.stringify(dtc.reservations, bigintText)
      ? []
      : ['dtc: other reservations']),
    ...fdtget.problems,
    ...againFrom(tree, writeFdt(tree, reading)).map((line) => `written as a blob: ${line}`),
    ...(dtcText(writeFdt(tree, reading)) === text ? [] : ['written as a blob: dtc prints it in another way']),
    ...againFrom(tree, dtcBlob(writeDts(tree.root, reading))).map((line) => `written as source: ${line}`),
    ...checkTree(tree),
  ];
  const properties = tree.nodes.reduce((sum, node) => sum + node.properties.size, 0);
  return {
    file,
    nodes: tree.nodes.length,
    properties,
    askedOfFdtget: fdtget.compared,
    unknownToFdtget: fdtget.unnamed,
    problems,
  };
}

const bigintText = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value);

function againFrom(tree: DeviceTree, bytes: Uint8Array): string[] {
  const again = readFdt(bytes);
  if ('problem' in again) return [`not read: ${again.problem.what}, at offset ${again.problem.offset}`];
  return differences(plain(tree), plain(again.tree), true);
}
