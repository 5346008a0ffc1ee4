import { readFdt } from '../../src/devicetree/fdt/read-fdt.ts';
import type { DeviceTree } from '../../src/model/index.ts';
import { namedByLibfdt } from './fdtget.ts';
import { dtcBlob, dtcText } from './tools.ts';

/** A tree of which each node has a label, and thereby a phandle. */
export interface LabelledTree {
  readonly blob: Uint8Array;
  readonly tree: DeviceTree;
  /** Of nodes that libfdt finds by their paths: it finds another one for the label else. */
  readonly labels: readonly string[];
}

/** Gives every node of a blob but the root a label, and compiles it again. */
export function labelled(file: string): LabelledTree {
  let count = 0;
  const source = dtcText(file).replaceAll(/^(\t+)([^\s"=]+ \{)$/gm, (_, indent: string, rest: string) => {
    count += 1;
    return `${indent}n${count}: ${rest}`;
  });
  const blob = dtcBlob(source, true);
  const reading = readFdt(blob);
  if ('problem' in reading) throw new Error(`${file} with labels: ${reading.problem.what}`);
  const named = namedByLibfdt(reading.tree);
  // Behind the nodes of the source stands what dtc adds: /__symbols__.
  const labels = reading.tree.nodes.flatMap((node, index) =>
    index > 0 && index <= count && named.has(node) ? [`n${index}`] : [],
  );
  return { blob, tree: reading.tree, labels };
}

/** The source of an overlay that touches nodes all over a tree; one of another seed or turn touches others. */
export function overlayOn({ labels }: LabelledTree, seed: number, turn: number): string {
  const pick = (step: number): string => labels[(seed * 7919 + turn * 104729 + step * 1299709) % labels.length] ?? '';
  return `/dts-v1/;
/plugin/;
&${pick(1)} {
  refs-${turn} = <&${pick(2)} 1 &made_${turn}>, "x", <&${pick(3)}>;
  made_${turn}: made@${turn} { self = <&made_${turn} &${pick(4)}>; child { }; };
};
&${pick(5)} { status = "okay"; refs-${turn} = <&made_${turn} &${pick(1)}>; };
&made_${turn} { late = <&${pick(6)}>; };
&{/} { top-${turn} { refs = <&${pick(7)}${turn > 0 ? ` &made_${turn - 1}` : ''}>; }; };
`;
}
