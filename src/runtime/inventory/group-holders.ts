import type { Holder } from '../../model/index.ts';
import type { HostFiles } from './host-files.ts';
import { ofProcess, openFilesOf, processIds } from './process-files.ts';

/** The node of a group that an IOMMU made. */
const GROUP_NODE = /^\/dev\/vfio\/(\d+)$/;

/**
 * Which processes hold the node of an IOMMU group open, by the group's number, as far as we may look: other users' files are
 * root's to see.
 */
export function readGroupHolders(files: HostFiles): Map<number, Holder[]> {
  const holders = new Map<number, Holder[]>();
  for (const pid of processIds(files)) {
    const groups = new Set<number>();
    for (const { file } of openFilesOf(files, pid)) {
      const group = GROUP_NODE.exec(file)?.[1];
      if (group !== undefined) groups.add(Number(group));
    }
    if (groups.size === 0) continue;
    const holder = { pid, command: files.attribute(ofProcess(pid, 'comm')) ?? '' };
    for (const group of groups) holders.set(group, [...(holders.get(group) ?? []), holder]);
  }
  return holders;
}
