import type { Holder } from '../../model/index.ts';
import type { HostFiles } from './host-files.ts';
import { HostPath } from './host-paths.ts';

/** The node of a group, with `noiommu-` that of one which no-IOMMU mode made up. */
const GROUP_NODE = /^\/dev\/vfio\/(?:noiommu-)?\d+$/;

/** Which processes hold a group node open, by the node's path, as far as we may look: other users' files are root's to see. */
export function readNodeHolders(files: HostFiles): Map<string, Holder[]> {
  const holders = new Map<string, Holder[]>();
  for (const name of files.names(HostPath.processes)) {
    const pid = /^[1-9]\d*$/.test(name) ? Number(name) : 0;
    if (pid === 0) continue;
    const directory = `${HostPath.processes}/${name}`;
    const nodes = new Set<string>();
    for (const fd of files.names(`${directory}/fd`)) {
      const target = files.link(`${directory}/fd/${fd}`);
      if (target !== null && GROUP_NODE.test(target)) nodes.add(target);
    }
    if (nodes.size === 0) continue;
    const holder = { pid, command: files.attribute(`${directory}/comm`) ?? '' };
    for (const node of nodes) {
      const list = holders.get(node);
      if (list) list.push(holder);
      else holders.set(node, [holder]);
    }
  }
  return holders;
}

/** The same by the number of the IOMMU group; groups of no-IOMMU mode are none. */
export function readGroupHolders(files: HostFiles): Map<number, Holder[]> {
  const byGroup = new Map<number, Holder[]>();
  for (const [node, holders] of readNodeHolders(files)) {
    const group = /^\/dev\/vfio\/(\d+)$/.exec(node)?.[1];
    if (group !== undefined) byGroup.set(Number(group), holders);
  }
  return byGroup;
}
