import {
  type CorrelationRow,
  correlate,
  type InterruptRow,
  kernelNumbering,
  type RegionRow,
} from '../../devicetree/correlate.ts';
import type { HostIndex, ResolvedPlatformDevice } from '../../model/index.ts';

/** What VFIO will expose of a device, by the device tree: in the order of its indices. */
export interface Exposed {
  readonly path: string;
  /** How many there are. */
  readonly counts: { readonly regions: number; readonly irqs: number };
  /** Those that the manifest does not leave to translating (R-TREE-4). */
  readonly regions: readonly ExposedRow<RegionRow>[];
  readonly interrupts: readonly ExposedRow<InterruptRow>[];
}

export type ExposedRow<Row extends CorrelationRow> = Row & { readonly vfioIndex: number };

const isExposed = <Row extends CorrelationRow>(row: Row): row is ExposedRow<Row> => row.vfioIndex !== null;

/** {@link Exposed}; null for a device of which no tree tells. */
export function exposedBy(device: ResolvedPlatformDevice, host: HostIndex): Exposed | null {
  const { bus } = device;
  const { treePath } = device.device;
  const node = treePath === null ? undefined : host.tree?.byPath.get(treePath);
  if (!host.tree || !node || (bus !== 'platform' && bus !== 'amba')) return null;
  const rows = correlate(host.tree, node, kernelNumbering(bus, host.inventory.vfio));
  const regions = rows.filter((row) => row.kind === 'region').filter(isExposed);
  const interrupts = rows.filter((row) => row.kind === 'interrupt').filter(isExposed);
  const { ranges, interruptMap } = device;
  return {
    path: node.path,
    counts: { regions: regions.length, irqs: interrupts.length },
    regions: regions.filter(({ property }) => property !== 'ranges' || ranges.mode === 'expose'),
    interrupts: interrupts.filter(({ property }) => property !== 'interrupt-map' || interruptMap.mode === 'expose'),
  };
}

/**
 * What VFIO will allow on a region (vfio_platform_regions_init in drivers/vfio/platform/vfio_platform_common.c): memory
 * can be read and written, and mapped where it begins and ends at a page; nothing can be done with I/O ports.
 */
export function regionFlags(row: RegionRow, pageSize: number): ('read' | 'write' | 'mmap')[] {
  if (row.flags.space !== 'memory') return [];
  const page = BigInt(pageSize);
  const wholePages = row.address !== null && row.address % page === 0n && row.size % page === 0n;
  return wholePages ? ['read', 'write', 'mmap'] : ['read', 'write'];
}

/** How the kernel will call the trigger of an interrupt; undefined where the tree does not say. */
export function triggerOf({ trigger }: InterruptRow): 'level' | 'edge' | undefined {
  if (trigger === 'unknown') return undefined;
  return trigger === 'level-high' || trigger === 'level-low' ? 'level' : 'edge';
}
