import { streamsOf } from '../../devicetree/index.ts';
import { defineDiagnostic, nodeOf, titleOf } from '../../model/index.ts';
import type { Rule } from './rule.ts';
import { isPlatformEntry, isolatedDevices } from './shared/assignments.ts';

export const childWithoutIsolation = defineDiagnostic({
  code: 'child-without-isolation',
  severity: 'error',
  category: 'host',
  summary: 'A child device has no IOMMU group of its own',
  explanation: `A child that is a Linux device of its own is bound, grouped and opened as one. Linux looks for its IOMMU in its own
node alone (of_iommu_configure in drivers/iommu/of_iommu.c): the \`iommus\` of its parent do not count for it. A child
without stream ids of its own therefore has no group, and VFIO cannot take it, whatever its parent has.

Exclude the child (\`children: {exclude: [...]}\`), if its registers share no page with what is given away. If the child's
transactions really carry an id of their own, the tree has to say so: \`iommus\` in the child's node, from firmware or an
overlay. An id that the hardware does not send makes a group appear and isolates nothing.`,
});

/** An included child device has stream ids of its own (R-TREE-1). */
export const childWithoutIsolationRule: Rule = {
  id: 'child-without-isolation',
  reports: [childWithoutIsolation],
  check({ manifest, host }) {
    return isolatedDevices(manifest)
      .filter(isPlatformEntry)
      .flatMap((entry) => {
        const { origin, device } = entry;
        if (origin.kind !== 'child' || device.group !== null) return [];
        const node = nodeOf(device, host);
        const parent = nodeOf(origin.of, host);
        const has = (one: typeof node) =>
          host.tree !== null && one !== undefined && streamsOf(host.tree, one).streams.length > 0;
        const own = has(node)
          ? 'Its node has "iommus", but Linux has not put it into a group'
          : has(parent)
            ? `Its node has no "iommus", and those of ${origin.of.address} do not count for it`
            : 'Its node has no "iommus"';
        const detail = `${titleOf(entry)} goes along as a child of ${origin.of.address} and is a device of its own, in no IOMMU group. ${own}, so nothing isolates its DMA and VFIO cannot take it. Exclude it ("children: {exclude: [...]}"), or have the tree say its stream ids.`;
        return [childWithoutIsolation({ detail, at: entry.selectorAt })];
      });
  },
};
