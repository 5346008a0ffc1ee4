import { type Bytes, bytes, type DomainContext, iova, type IovaRange, lastOf } from 'vfio-compose/plugin';

/** What a VM's memory asks of its container. */
export interface MappingNeeds {
  readonly mappings: number;
  readonly pageSize: Bytes;
  readonly ranges: readonly IovaRange[];
}

/** What the container must offer for a VM's memory: the largest page that it needs, and the ranges, merged. */
export function mappingNeeds({ vm, host }: DomainContext): MappingNeeds {
  const sorted = [...vm.memory].sort((a, b) => (a.iova < b.iova ? -1 : a.iova > b.iova ? 1 : 0));
  const ranges: { first: IovaRange['first']; last: IovaRange['last'] }[] = [];
  for (const memory of sorted) {
    const last = iova(lastOf(memory.iova, memory.size));
    const previous = ranges.at(-1);
    if (previous && previous.last + 1n === memory.iova) previous.last = last;
    else ranges.push({ first: memory.iova, last });
  }
  return { mappings: vm.memory.length, pageSize: bytes(host.inventory.kernel.pageSize), ranges };
}
