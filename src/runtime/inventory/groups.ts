import { iova } from '../../model/index.ts';
import type { IommuGroup, ReservedRegion } from '../../model/index.ts';
import { readGroupHolders } from './group-holders.ts';
import type { HostFiles } from './host-files.ts';
import { HostPath } from './host-paths.ts';

/** All IOMMU groups, those of other buses too: a PCI device may share one with them. */
export function readGroups(files: HostFiles): IommuGroup[] {
  const nodes = files.names(HostPath.vfioNodes).filter((name) => /^\d+$/.test(name));
  const holders = nodes.length === 0 ? new Map<number, never[]>() : readGroupHolders(files);
  const present = new Set(nodes);
  return files
    .names(HostPath.iommuGroups)
    .filter((name) => /^\d+$/.test(name))
    .map((name) => {
      const directory = `${HostPath.iommuGroups}/${name}`;
      const id = Number(name);
      return {
        id,
        type: files.attribute(`${directory}/type`) || null,
        reservedRegions: parseReservedRegions(files.attribute(`${directory}/reserved_regions`) ?? ''),
        node: present.has(name) ? files.owner(`${HostPath.vfioNodes}/${name}`) : null,
        openedBy: holders.get(id) ?? [],
      };
    });
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
