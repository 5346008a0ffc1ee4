import { defineDiagnostic, titleOf } from '../../model/index.ts';
import type { Rule } from './rule.ts';
import { everyDevice } from './shared/assignments.ts';

export const projectConflict = defineDiagnostic({
  code: 'project-conflict',
  severity: 'error',
  category: 'safety',
  summary: 'Another running project holds the device or its group',
  explanation: `Another project of vfio-compose runs on this host and has this device, or another one of its IOMMU group; a
group has one owner. Its record would also be wrong if this plan changed the device's driver.

Take that project down first (\`vfio-compose down -p <project>\`; \`vfio-compose ps\` shows what runs), or use another
device.`,
});

/** A device and its group belong to one running project. */
export const projectConflictRule: Rule = {
  id: 'project-conflict',
  reports: [projectConflict],
  check({ manifest, running }) {
    const others = running.filter((project) => project.name !== manifest.name);
    if (others.length === 0) return [];
    const devices = new Map<string, string>();
    const groups = new Map<number, string>();
    for (const project of others) {
      for (const { address, group } of project.devices) {
        devices.set(address, project.name);
        if (group !== null) groups.set(group, project.name);
      }
    }
    return everyDevice(manifest).flatMap((entry) => {
      const { address, group } = entry.device;
      const byDevice = devices.get(address);
      const project = byDevice ?? (group === null ? undefined : groups.get(group));
      if (project === undefined) return [];
      const what = byDevice === undefined ? `other devices of its IOMMU group ${group}` : 'it';
      const detail = `${titleOf(entry)} cannot be taken: the running project ${project} has ${what}. Take it down first ("vfio-compose down -p ${project}"), or use another device.`;
      return [projectConflict({ detail, at: entry.selectorAt })];
    });
  },
};
