import { andList, defineDiagnostic, describeDevice, titleOf } from '../../model/index.ts';
import type { PlatformDevice } from '../../model/index.ts';
import type { Rule } from './rule.ts';
import { assignedDevices, byAddress, everyDevice, isPlatformEntry } from './shared/assignments.ts';
import { subtreeOf } from './shared/tree.ts';

export const childrenLeftWithHost = defineDiagnostic({
  code: 'children-left-with-host',
  severity: 'warning',
  category: 'safety',
  summary: 'Devices below the device stay with the host',
  explanation: `\`children\` excludes nodes that are Linux devices of their own. They stay with the host, below a device that somebody
else now has: what they need of it (its clocks, its bus, registers that their driver reads in the parent) may change
under them, and a reset of the parent resets them.

The devices are listed with their drivers. Where one has no driver, nothing uses it, and this is a note. Include what
belongs to the device, or make sure that the host does not use it.`,
});

/** Devices that are excluded below an assigned one are named (R-TREE-1). */
export const childrenLeftWithHostRule: Rule = {
  id: 'children-left-with-host',
  reports: [childrenLeftWithHost],
  check({ manifest, host }) {
    const planned = byAddress(everyDevice(manifest));
    return assignedDevices(manifest)
      .filter(isPlatformEntry)
      .flatMap((entry) => {
        if (entry.origin.kind === 'child') return [];
        const left = entry.children.excluded
          .flatMap((path) => host.tree?.byPath.get(path) ?? [])
          .flatMap(subtreeOf)
          .flatMap((node): PlatformDevice[] => {
            const device = host.byTreePath.get(node.path);
            return device && !planned.has(device.address) ? [device] : [];
          });
        if (left.length === 0) return [];
        const used = left.some(({ driver }) => driver !== null);
        const names = left.slice(0, 8).map(({ address }) => address);
        const detail = `${andList(names)}${left.length > names.length ? ' and others' : ''} below ${titleOf(entry)} ${left.length > 1 ? 'stay' : 'stays'} with the host, under a device that ${entry.vm} has. Include what belongs to it, or make sure that the host does not use it.`;
        const related = left.slice(0, 16).map((device) => ({ message: describeDevice(device) }));
        return [
          childrenLeftWithHost({
            detail,
            at: entry.children.at,
            related,
            ...(used ? {} : { severity: 'note' as const }),
          }),
        ];
      });
  },
};
