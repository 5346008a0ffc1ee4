import { andList, defineDiagnostic, titleOf } from '../../model/index.ts';
import type { ResolvedDevice } from '../../model/index.ts';
import type { Rule } from './rule.ts';
import { byAddress, byGroup, everyDevice } from './shared/assignments.ts';
import { showGroup } from './shared/words.ts';

export const groupSplit = defineDiagnostic({
  code: 'group-split',
  severity: 'error',
  category: 'manifest',
  summary: 'An IOMMU group is split between owners',
  explanation: `The IOMMU cannot keep the devices of one group apart: each can reach the memory of the others' owner, or
the other devices themselves. The kernel attaches a group as a whole, to one container.

The whole group is shown, with who would hold what. Give all of it to one VM; or leave the devices of the other VM out;
or move a PCI card to a slot with a group of its own.`,
});

/** All devices of a group go to one VM (R-GROUP-1, R-GROUP-2). */
export const groupSplitRule: Rule = {
  id: 'group-split',
  reports: [groupSplit],
  check({ manifest, host }) {
    const devices = everyDevice(manifest);
    const planned = byAddress(devices);
    return [...byGroup(devices)].flatMap(([id, entries]) => {
      const owners = [...new Set(entries.map((entry) => entry.vm))];
      const other = entries.find((entry) => entry.vm !== entries[0]?.vm);
      if (!other || namesOneDevice(entries)) return [];
      const move = entries.some(({ bus }) => bus === 'pci')
        ? ', or move the card to a slot with a group of its own'
        : '';
      const detail = `${titleOf(other)} is in IOMMU group ${id}, which goes to one owner as a whole, and the manifest splits it between ${andList(owners)}. Give the whole group to one of them${move}.`;
      return [groupSplit({ detail, at: other.selectorAt, related: showGroup(host, id, planned) })];
    });
  },
};

/** The same device twice is another mistake, with a finding of its own. */
const namesOneDevice = (entries: readonly ResolvedDevice[]): boolean =>
  new Set(entries.map((entry) => entry.device.address)).size === 1;
