import { andList, defineDiagnostic, titleOf } from '../../model/index.ts';
import type { Rule } from './rule.ts';
import { byGroup, everyDevice } from './shared/assignments.ts';

export const groupHeld = defineDiagnostic({
  code: 'group-held',
  severity: 'error',
  category: 'safety',
  summary: 'A process has the IOMMU group open',
  explanation: `A group can be opened by one process at a time (/dev/vfio/<group>: EBUSY), and taking a driver away from a
device that somebody holds open blocks in the kernel until it is closed. The processes were found among the open files
of this host; those of other users show only to root.

Stop the process, or use another device.`,
});

/** Nobody holds a group that the plan needs (R-BIND-4). */
export const groupHeldRule: Rule = {
  id: 'group-held',
  reports: [groupHeld],
  check({ manifest, host, running }) {
    // A group that a project of ours holds is a conflict between projects, with a finding of its own.
    const ours = new Set(running.flatMap((project) => project.devices.map(({ group }) => group)));
    return [...byGroup(everyDevice(manifest))].flatMap(([id, [entry]]) => {
      const holders = host.groups.get(id)?.openedBy ?? [];
      if (!entry || holders.length === 0 || ours.has(id)) return [];
      const processes = holders.slice(0, 8).map(({ pid, command }) => `process ${pid} (${command})`);
      const detail = `${titleOf(entry)} is in IOMMU group ${id}, and ${andList(processes)} has /dev/vfio/${id} open. Stop it, or use another device.`;
      return [groupHeld({ detail, at: entry.selectorAt })];
    });
  },
};
