import { correlate, type CorrelationRow, kernelNumbering } from '../../../devicetree/correlate.ts';
import { REGION_FLAG } from '../../uapi/device-get-region-info.ts';
import type { SimHost } from './host.ts';
import type { PlatformRegion, SimPlatformDevice } from './state.ts';

/**
 * The rows of a device in the tree that VFIO numbers, in no order that counts. A kernel with the proposed interface numbers
 * the entries of `ranges` and of `interrupt-map` behind those that every kernel has.
 */
export function rowsOf(host: SimHost, device: SimPlatformDevice): readonly CorrelationRow[] {
  const { treePath, bus } = device.info;
  const node = treePath === null ? undefined : host.tree?.byPath.get(treePath);
  if (!node || !host.tree) return [];
  return correlate(host.tree, node, kernelNumbering(bus, host.inventory.vfio)).filter(
    ({ vfioIndex }) => vfioIndex !== null,
  );
}

const byIndex = (rows: readonly CorrelationRow[]): CorrelationRow[] =>
  [...rows].sort((a, b) => (a.vfioIndex ?? 0) - (b.vfioIndex ?? 0));

/** `vfio_platform_regions_init`: ports can be neither read nor mapped, memory be mapped where it is whole pages. */
export function regionsOf(rows: readonly CorrelationRow[], pageSize: bigint): readonly PlatformRegion[] {
  return byIndex(rows).flatMap((row) => {
    if (row.kind !== 'region') return [];
    const { address, size, flags } = row;
    if (flags.space !== 'memory' || address === null) return [{ size, flags: 0 }];
    const whole = address % pageSize === 0n && size % pageSize === 0n;
    return [{ size, flags: REGION_FLAG.read | REGION_FLAG.write | (whole ? REGION_FLAG.mmap : 0) }];
  });
}

/** Of each interrupt whether it is a level one (`irq_get_trigger_type`). */
export const levelsOf = (rows: readonly CorrelationRow[]): readonly boolean[] =>
  byIndex(rows).flatMap((row) => (row.kind === 'interrupt' ? [row.trigger.startsWith('level')] : []));
