import { correlate, type CorrelationRow } from '../../devicetree/correlate.ts';
import { compatibleOf } from '../../devicetree/compatible.ts';
import { streamsOf } from '../../devicetree/streams.ts';
import { type DeviceTree, type DeviceTreeNode, hex, type HostIndex } from '../../model/index.ts';
import { shortened } from './shortened.ts';

type Reader = (tree: DeviceTree, node: DeviceTreeNode) => string;

/**
 * What a plan relies on of a device's node: a plan made for another tree must not run. Total for any path, since the
 * path may come from a plan file that somebody else wrote.
 */
export const TREE_READERS: Readonly<Record<string, (host: HostIndex, path: string) => string | null>> = {
  compatible: read((_, node) => compatibleOf(node).join(' ')),
  registers: read((tree, node) => rowsOf(tree, node, 'region')),
  interrupts: read((tree, node) => rowsOf(tree, node, 'interrupt')),
  streams: read((tree, node) =>
    streamsOf(tree, node)
      .streams.map(({ iommu, ids }) => `${iommu.path} ${ids.join(' ')}`)
      .join(', '),
  ),
};

function read(reader: Reader): (host: HostIndex, path: string) => string | null {
  return (host, path) => {
    const node = host.tree?.byPath.get(path);
    return host.tree && node ? shortened(reader(host.tree, node)) : null;
  };
}

const rowsOf = (tree: DeviceTree, node: DeviceTreeNode, kind: CorrelationRow['kind']): string =>
  correlate(tree, node, { bus: 'platform', ranges: 'translate', interruptMap: 'translate' })
    .filter((row) => row.kind === kind)
    .map(describeRow)
    .join(', ');

function describeRow(row: CorrelationRow): string {
  const place = `${row.property}[${row.dtIndex}]`;
  return row.kind === 'region'
    ? `${place} ${row.address === null ? 'nowhere' : hex(row.address)}+${hex(row.size)} ${row.flags.space}`
    : `${place} ${row.controller ?? 'nowhere'}:${row.hwirq ?? '?'} ${row.trigger}`;
}
