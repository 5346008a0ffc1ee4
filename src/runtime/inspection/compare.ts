import type { CorrelationRow, InterruptRow, RegionRow } from '../../devicetree/index.ts';
import { hex } from '../../model/index.ts';
import type { DeviceAnswer } from './ask-device.ts';

/** A point on which the tree and the kernel differ. */
export interface Disagreement {
  /** What it is about: `region 0 (reg [0] of /soc/ethernet@fff51000)`, or a number of something. */
  readonly about: string;
  readonly tree: string;
  readonly kernel: string;
}

/** Compares the rows of a device's table that VFIO exposes with what the kernel says (R-TREE-2). */
export function compareTable(
  rows: readonly CorrelationRow[],
  bus: 'platform' | 'amba',
  { info, regions, irqs }: DeviceAnswer,
): Disagreement[] {
  const exposed = rows.filter((row) => row.vfioIndex !== null);
  const regionRows = exposed.filter((row) => row.kind === 'region');
  const interruptRows = exposed.filter((row) => row.kind === 'interrupt');
  return [
    ...differ('the bus', bus, info.bus),
    ...differ('the number of regions', String(regionRows.length), String(info.regions)),
    ...differ('the number of interrupts', String(interruptRows.length), String(info.irqs)),
    ...regionRows.flatMap((row) => {
      const answer = regions.find(({ index }) => index === row.vfioIndex);
      return answer ? differ(rowName(row), `size ${hex(row.size)}`, `size ${hex(answer.size)}`) : [];
    }),
    ...interruptRows.flatMap((row) => {
      const answer = irqs.find(({ index }) => index === row.vfioIndex);
      if (!answer) return [];
      const counts = differ(rowName(row), 'count 1', `count ${answer.count}`);
      // The kernel masks what stays asserted, and nothing else.
      const kind = row.trigger.startsWith('level') ? 'level' : 'edge';
      const trigger = row.trigger === 'unknown' ? [] : differ(rowName(row), kind, answer.automasked ? 'level' : 'edge');
      return [...counts, ...trigger];
    }),
  ];
}

const rowName = ({ kind, vfioIndex, property, dtIndex, path }: RegionRow | InterruptRow): string =>
  `${kind} ${vfioIndex ?? '-'} (${property} [${dtIndex}] of ${path})`;

const differ = (about: string, tree: string, kernel: string): Disagreement[] =>
  tree === kernel ? [] : [{ about, tree, kernel }];
