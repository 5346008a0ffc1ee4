import { defineDiagnostic, overlapFinder, rangeText, titleOf } from '../../model/index.ts';
import type { HostIndex, ResolvedPlatformDevice } from '../../model/index.ts';
import type { Rule } from './rule.ts';
import { assignedDevices, byAddress, isPlatformEntry } from './shared/assignments.ts';
import { framesOf, nodesWith, type Registers, registersOf, subtreeOf } from './shared/tree.ts';

export const excludedChildSharesPage = defineDiagnostic({
  code: 'excluded-child-shares-page',
  severity: 'error',
  category: 'safety',
  summary: 'An excluded child can be reached through what is given away',
  explanation: `A page is the smallest thing that can be mapped. A child that \`children\` excludes stays with the host (or goes to
another VM), but if its registers lie in a page frame that also holds registers of what is given away, the new owner
reaches them all the same. The page size is the one of the host's kernel: on a kernel with 64 KiB pages, more registers
share one.

Typical is a block whose own region covers the registers of its children, as the CAAM's covers its job rings: the block
cannot be given away without them.

Both ranges and the shared frames are shown. Include the child; or leave the parent with the host and assign those
children alone that are devices of their own and have pages of their own, each with an entry.`,
});

/** What is excluded is not reachable through what is included (R-TREE-1). */
export const excludedChildSharesPageRule: Rule = {
  id: 'excluded-child-shares-page',
  reports: [excludedChildSharesPage],
  check({ manifest, host }) {
    const entries = assignedDevices(manifest).filter(isPlatformEntry);
    const planned = byAddress(entries);
    return entries
      .filter((entry) => entry.origin.kind !== 'child' && entry.children.excluded.length > 0)
      .flatMap((entry) => {
        const staying = entry.children.excluded.filter((path) => {
          const device = host.byTreePath.get(path);
          const owners = device ? (planned.get(device.address) ?? []) : [];
          return !owners.some((owner) => owner.vm === entry.vm);
        });
        return staying.length === 0 ? [] : shares(entry, staying, host);
      });
  },
};

function shares(entry: ResolvedPlatformDevice, staying: readonly string[], host: HostIndex) {
  const { tree } = host;
  if (!tree) return [];
  const { pageSize } = host.inventory.kernel;
  const given = nodesWith(entry, host)
    .flatMap((node) => registersOf(tree, node))
    .sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
  const sharing = overlapFinder(given, (one) => framesOf(one, pageSize));
  return staying.flatMap((path) => {
    const root = tree.byPath.get(path);
    const kept = (root ? subtreeOf(root) : []).flatMap((node) => registersOf(tree, node));
    const found = kept.flatMap((one) => sharing(framesOf(one, pageSize)).map((other) => ({ one, other })));
    const [first] = found;
    if (!first) return [];
    const detail = `${path} is excluded from ${titleOf(entry)}, and can be reached all the same: ${sharedText(first, pageSize)}. Include it, or leave ${entry.device.address} with the host and give the children that are devices of their own an entry each.`;
    const related = found.slice(1, 9).map((pair) => ({ message: sharedText(pair, pageSize) }));
    return [excludedChildSharesPage({ detail, at: entry.children.at, related })];
  });
}

function sharedText({ one, other }: { one: Registers; other: Registers }, pageSize: number): string {
  const a = framesOf(one, pageSize);
  const b = framesOf(other, pageSize);
  const frames = { first: a.first > b.first ? a.first : b.first, last: a.last < b.last ? a.last : b.last };
  return `its registers ${rangeText(one)} (${one.node.path}) and ${rangeText(other)} of ${other.node.path} share the page frames ${rangeText(frames)}`;
}
