import { type Bytes, bytes, type DomainContext, iova, type IovaRange, lastOf, mappingsOf } from 'vfio-compose/plugin';

/** What a VM's memory asks of its container. */
export interface MappingNeeds {
  readonly mappings: number;
  readonly pageSize: Bytes;
  readonly ranges: readonly IovaRange[];
}

/** What the container must offer for a VM's memory: the largest page that it needs, and the ranges, merged. */
export function mappingNeeds(context: DomainContext): MappingNeeds {
  const mappings = mappingsOf(context);
  const sorted = [...mappings].sort((a, b) => (a.iova < b.iova ? -1 : a.iova > b.iova ? 1 : 0));
  const ranges: { first: IovaRange['first']; last: IovaRange['last'] }[] = [];
  for (const mapping of sorted) {
    const last = iova(lastOf(mapping.iova, mapping.size));
    const previous = ranges.at(-1);
    if (previous && previous.last + 1n === mapping.iova) previous.last = last;
    else ranges.push({ first: mapping.iova, last });
  }
  return { mappings: mappings.length, pageSize: bytes(context.host.inventory.kernel.pageSize), ranges };
}
