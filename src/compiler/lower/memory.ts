import {
  type Bytes,
  bytes,
  type DomainMapping,
  invariant,
  type ResolvedMemory,
  type ResolvedVm,
} from '../../model/index.ts';
import { containerHandle } from './handles.ts';
import type { StepList } from './steps.ts';

/** One mmap(2): the entries of the manifest that share it, each at its offset. */
interface Allocation {
  readonly handle: string;
  readonly backing: ResolvedMemory['backing'];
  readonly pageSize: Bytes | null;
  size: bigint;
  readonly entries: { readonly memory: ResolvedMemory; readonly index: number; readonly offset: Bytes }[];
}

/**
 * Entries of private memory with the same pages share one allocation, so that fifty thousand entries do not take fifty
 * thousand mmaps. A memfd is made for others to map too, so each entry has its own.
 */
function allocationsOf(vm: ResolvedVm, mapped: ReadonlySet<number>): Allocation[] {
  const allocations = new Map<string, Allocation>();
  vm.memory.forEach((memory, index) => {
    if (!mapped.has(index)) return;
    const { backing, pageSize } = memory;
    const pages = pageSize === null ? '' : `-${pageSize}`;
    const key = backing === 'memfd' ? `memfd/${index}` : `${backing}${pages}`;
    let allocation = allocations.get(key);
    if (!allocation) {
      allocation = { handle: `memory#${vm.name}/${key}`, backing, pageSize, size: 0n, entries: [] };
      allocations.set(key, allocation);
    }
    allocation.entries.push({ memory, index, offset: bytes(allocation.size) });
    allocation.size += memory.size;
  });
  return [...allocations.values()];
}

/**
 * Steps that allocate a VM's memory and map it. The mappings of a container follow one another (the kernel takes its
 * lock for each), so what must come after all of them (interrupts, R-ORDER-3) depends on the returned last one.
 */
export function lowerMemory(
  vm: ResolvedVm,
  mappings: readonly DomainMapping[],
  steps: StepList,
  after: readonly string[],
): readonly string[] {
  const places = new Map<number, Place>();
  // Of what is not mapped nothing is allocated either: a plugin may leave an entry out.
  const mapped = new Set(mappings.map(({ memory }) => memory));
  for (const allocation of allocationsOf(vm, mapped)) {
    for (const { index, memory, offset } of allocation.entries) places.set(index, { memory, offset, allocation });
  }
  const allocated = new Map<Allocation, string>();
  const single = mapped.size === mappings.length;
  let last = after;
  mappings.forEach((mapping, position) => {
    const place = places.get(mapping.memory);
    invariant(place !== undefined, `mapping ${position} of ${vm.name} is of no memory`);
    const ready = allocated.get(place.allocation) ?? allocate(vm, place.allocation, steps);
    allocated.set(place.allocation, ready);
    const subject = `${vm.name}/${mapping.memory}${single ? '' : `/${position}`}`;
    last = [lowerMapping(vm, mapping, place, subject, steps, [...last, ready])];
  });
  return last;
}

/** Where an entry of the manifest lies in what is allocated for it. */
interface Place {
  readonly memory: ResolvedMemory;
  readonly offset: Bytes;
  readonly allocation: Allocation;
}

function lowerMapping(
  vm: ResolvedVm,
  { memory: index, offset, iova, size, remark, undoRemark }: DomainMapping,
  place: Place,
  subject: string,
  steps: StepList,
  after: readonly string[],
): string {
  const resource = `memory ${index} of ${vm.name}`;
  const where = { container: containerHandle(vm.name), iova, size };
  const cause = withRemark('memory of the manifest', remark);
  const map = steps.add(
    'map-dma',
    subject,
    { resource, cause, at: place.memory.at, after },
    { ...where, memory: place.allocation.handle, offset: bytes(place.offset + offset), access: place.memory.access },
  );
  const back = withRemark('the devices must not reach it any more', undoRemark);
  steps.undo('unmap-dma', map, subject, { resource, cause: back }, where);
  return map;
}

const withRemark = (cause: string, remark: string | undefined): string =>
  remark === undefined ? cause : `${cause}; ${remark}`;

function allocate(vm: ResolvedVm, allocation: Allocation, steps: StepList): string {
  const { handle, pageSize } = allocation;
  const size = bytes(allocation.size);
  const at = allocation.entries[0]?.memory.at;
  const resource = `memory of ${vm.name}`;
  const subject = handle.slice('memory#'.length);
  let memfd: string | null = null;
  let last: string[] = [];
  if (allocation.backing === 'memfd') {
    memfd = `memfd#${subject}`;
    const create = steps.add(
      'create-memfd',
      subject,
      { resource, cause: 'backing: memfd', at },
      { handle: memfd, pageSize },
    );
    steps.undo('close', create, memfd, { resource, cause: 'gives the memory back' }, { handle: memfd });
    last = [
      steps.add('resize-memfd', subject, { resource, cause: 'backing: memfd', at, after: [create] }, { memfd, size }),
    ];
  }
  const allocated = steps.add(
    'allocate-memory',
    subject,
    { resource, cause: `backing: ${allocation.backing}`, at, after: last },
    { handle, size, pageSize, memfd },
  );
  steps.undo(
    'free-memory',
    allocated,
    subject,
    { resource, cause: 'no device reaches it any more' },
    { memory: handle, size },
  );
  return allocated;
}
