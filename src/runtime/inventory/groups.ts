import { iova } from '../../model/index.ts';
import type { IommuGroup, ReservedRegion } from '../../model/index.ts';
import { readGroupHolders } from './group-holders.ts';
import type { HostFiles } from './host-files.ts';
import { HostPath } from './host-paths.ts';

export interface Groups {
  readonly groups: IommuGroup[];
  /** Numbers of groups that no-IOMMU mode made up. They come and go with the binding, and isolate nothing. */
  readonly madeUp: ReadonlySet<number>;
}

/** What VFIO calls the groups that it makes up (vfio_noiommu_group_alloc in drivers/vfio/group.c). */
const MADE_UP = 'vfio-noiommu';

/** All IOMMU groups, whatever the bus. */
export function readGroups(files: HostFiles): Groups {
  const nodes = files.names(HostPath.vfioNodes).filter((name) => /^\d+$/.test(name));
  const holders = nodes.length === 0 ? new Map<number, never[]>() : readGroupHolders(files);
  const present = new Set(nodes);
  const groups: IommuGroup[] = [];
  const madeUp = new Set<number>();
  for (const name of files.names(HostPath.iommuGroups)) {
    if (!/^\d+$/.test(name)) continue;
    const directory = `${HostPath.iommuGroups}/${name}`;
    const id = Number(name);
    const type = files.attribute(`${directory}/type`) || null;
    // A group that was made up has no default domain, and so a type that no other one has: few names have to be read.
    const isOdd = type === null || type === 'unknown';
    if (isOdd && files.exists(`${directory}/name`) && files.attribute(`${directory}/name`) === MADE_UP) {
      madeUp.add(id);
      continue;
    }
    groups.push({
      id,
      type,
      reservedRegions: parseReservedRegions(files.attribute(`${directory}/reserved_regions`) ?? ''),
      node: present.has(name) ? files.owner(`${HostPath.vfioNodes}/${name}`) : null,
      openedBy: holders.get(id) ?? [],
    });
  }
  return { groups, madeUp };
}

/** Parses `reserved_regions`: one line `first last type` each, the last address inclusive (drivers/iommu/iommu.c). */
export function parseReservedRegions(text: string): ReservedRegion[] {
  const regions: ReservedRegion[] = [];
  for (const line of text.split('\n')) {
    const match = /^(0x[0-9a-f]+) (0x[0-9a-f]+) (\S+)$/.exec(line.trim());
    if (!match) continue;
    const [, first = '', last = '', type = ''] = match;
    regions.push({ first: iova(BigInt(first)), last: iova(BigInt(last)), type });
  }
  return regions;
}
