import type { Assignment, DeviceRef, Holder } from '../../model/index.ts';
import { noiommuNode, sysfs } from '../executor/sysfs.ts';
import { readNodeHolders } from '../inventory/group-holders.ts';
import { HostFiles } from '../inventory/host-files.ts';

/** The processes that hold each group node of this machine open, by its path, as far as this user may see them. */
export const nodeHolders = (files = new HostFiles('')): Map<string, Holder[]> => readNodeHolders(files);

/**
 * The node through which an assigned device of this machine is opened. Without an IOMMU its number is looked up: the kernel
 * gave it when the device was bound. Null where the device has none (any more).
 */
export function nodeOf(entry: Pick<Assignment, 'bus' | 'address' | 'group'>, files = new HostFiles('')): string | null {
  if (entry.group !== null) return `/dev/vfio/${entry.group}`;
  const { bus, address } = entry;
  const group = /\/(\d+)$/.exec(files.link(sysfs.groupLink({ bus, address } as DeviceRef)) ?? '')?.[1];
  return group === undefined ? null : noiommuNode(Number(group));
}
