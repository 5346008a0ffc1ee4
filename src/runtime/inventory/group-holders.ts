import type { Holder } from '../../model/index.ts';
import type { HostFiles } from './host-files.ts';
import { HostPath } from './host-paths.ts';

const GROUP_NODE = /^\/dev\/vfio\/(\d+)$/;

/** Which processes hold a group node open, by group, as far as we may look: other users' files are root's to see. */
export function readGroupHolders(files: HostFiles): Map<number, Holder[]> {
  const holders = new Map<number, Holder[]>();
  for (const name of files.names(HostPath.processes)) {
    const pid = /^[1-9]\d*$/.test(name) ? Number(name) : 0;
    if (pid === 0) continue;
    const directory = `${HostPath.processes}/${name}`;
    const groups = new Set<number>();
    for (const fd of files.names(`${directory}/fd`)) {
      const match = GROUP_NODE.exec(files.link(`${directory}/fd/${fd}`) ?? '');
      if (match) groups.add(Number(match[1]));
    }
    if (groups.size === 0) continue;
    const holder = { pid, command: files.attribute(`${directory}/comm`) ?? '' };
    for (const group of groups) {
      const list = holders.get(group);
      if (list) list.push(holder);
      else holders.set(group, [holder]);
    }
  }
  return holders;
}
