import { defineDiagnostic, nameOf, overlapFinder, rangeText, titleOf } from '../../model/index.ts';
import type { Diagnostic, HostIndex, ResolvedPlatformDevice } from '../../model/index.ts';
import type { Rule } from './rule.ts';
import { assignedDevices, isPlatformEntry } from './shared/assignments.ts';
import { framesOf, nodesInUse, nodesWith, type Registers, regionsOf, registersOf } from './shared/tree.ts';

export const pageSharedWithHost = defineDiagnostic({
  code: 'page-shared-with-host',
  severity: 'warning',
  category: 'safety',
  summary: 'A page holds registers of the device and of another owner',
  explanation: `A page is the smallest thing that can be mapped. Where a page frame holds registers of an assigned device and of
one that stays with the host, or goes to another VM, whoever may map the frame reaches both. vfio-platform therefore lets
a region be mapped only if it begins and ends on a page (vfio_platform_regions_init in
drivers/vfio/platform/vfio_platform_common.c); it can then only be read and written through the kernel, which keeps to
the region. Where the two share not only a frame but the registers themselves, both owners write them.

As a demand to map the region (\`mmap: required\`) it is an error. The page size is that of the host's kernel: a kernel
with 4 KiB pages separates what one with 64 KiB pages cannot. A node that contains the device's own registers as its
parent, or children of the device, do not count here.`,
});

/** No frame of an assigned device's registers holds those of another owner (R-TREE-1). */
export const pageSharedWithHostRule: Rule = {
  id: 'page-shared-with-host',
  reports: [pageSharedWithHost],
  check({ manifest, host }) {
    const { tree } = host;
    const entries = tree ? assignedDevices(manifest).filter(isPlatformEntry) : [];
    if (!tree || entries.length === 0) return [];
    const { pageSize } = host.inventory.kernel;
    const owners = new Map(
      entries.flatMap((entry) => nodesWith(entry, host).map((node) => [node.path, entry] as const)),
    );
    const all = nodesInUse(tree)
      .flatMap((node) => registersOf(tree, node))
      .sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
    const near = overlapFinder(all, (one) => framesOf(one, pageSize));
    return entries.flatMap((entry) => {
      const shared = regionsOf(entry, host).flatMap((region) => {
        const others = near(framesOf(region, pageSize)).filter(
          ({ node }) => !related(node.path, region.node.path) && owners.get(node.path)?.vm !== entry.vm,
        );
        return others.length === 0 ? [] : [{ region, others }];
      });
      return findings(entry, shared, owners, host);
    });
  },
};

const related = (a: string, b: string): boolean => a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);

interface Sharing {
  readonly region: Registers;
  readonly others: readonly Registers[];
}

/** An error for each region that has to be mapped; one warning for all the others of a device. */
function findings(
  entry: ResolvedPlatformDevice,
  shared: readonly Sharing[],
  owners: ReadonlyMap<string, ResolvedPlatformDevice>,
  host: HostIndex,
): Diagnostic[] {
  const keeper = (path: string): string => {
    const owner = owners.get(path);
    return owner ? `goes to ${nameOf(owner)}` : 'stays with the host';
  };
  const lines = ({ region, others }: Sharing) =>
    others.slice(0, 8).map((other) => ({
      message: `region ${region.index} ${rangeText(region)}: ${rangeText(other)} of ${other.node.path}, which ${keeper(other.node.path)}`,
    }));
  const demandOf = ({ region }: Sharing) =>
    entry.regions.find(({ index, mmap }) => index === region.index && mmap === 'required');
  const errors = shared.flatMap((sharing) => {
    const demand = demandOf(sharing);
    if (!demand) return [];
    const detail = `Region ${sharing.region.index} of ${titleOf(entry)} must be mapped, and a page of it (${host.inventory.kernel.pageSize} bytes) holds registers of another owner, listed below, which could then be reached. Leave "mmap: required" out, or use a kernel with smaller pages.`;
    return [pageSharedWithHost({ detail, at: demand.at, severity: 'error', related: lines(sharing) })];
  });
  const rest = shared.filter((sharing) => !demandOf(sharing));
  if (rest.length === 0) return errors;
  const detail = `Registers of ${titleOf(entry)} share a page (${host.inventory.kernel.pageSize} bytes) with registers of another owner, listed below. A region that does not fill its pages cannot be mapped, only read and written through the kernel; registers that are the same have two masters.`;
  return [...errors, pageSharedWithHost({ detail, at: entry.selectorAt, related: rest.flatMap(lines).slice(0, 16) })];
}
