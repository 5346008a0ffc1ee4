import {
  andList,
  defineDiagnostic,
  type DomainContext,
  hex,
  lastOf,
  mappingsOf,
  overlapFinder,
  placeFinder,
  type PluginLaw,
  rangeText,
  type Related,
  type Reservation,
  reservationsOf,
  U64_MAX,
} from 'vfio-compose/plugin';

export const memoryOnReservedRegion = defineDiagnostic({
  code: 'memory-on-reserved-region',
  severity: 'error',
  category: 'host',
  summary: 'A mapping lies on a reserved region',
  explanation: `Some I/O virtual addresses never reach memory: the doorbell of message-signalled interrupts (type \`msi\`:
0xfee00000-0xfeefffff on x86, usually 0x8000000-0x80fffff behind an arm64 SMMU), addresses that the platform routes
elsewhere (\`reserved\`, such as AMD's HyperTransport range below 1 TiB), and ranges that the firmware keeps mapped 1:1
(\`direct\`). The kernel refuses mappings there (VFIO_IOMMU_MAP_DMA: EINVAL). They are listed in
/sys/kernel/iommu_groups/<group>/reserved_regions, and those of every group of a container count together.

Split the mapping around the region, as the memory of a PC leaves a hole below 4 GiB, or move it. The finding names the
nearest place where the mapping fits as a whole.`,
});

/** To look for a free place takes as long as there are entries; a person reads the first few. */
const PLACES_SOUGHT = 8;

/** No mapping lies on a reserved region of any group of its VM (R-GROUP-5). */
export const memoryOnReservedRegionLaw: PluginLaw<DomainContext> = {
  id: 'memory-on-reserved-region',
  reports: [memoryOnReservedRegion],
  check(context) {
    const { vm, host } = context;
    const reservations = reservationsOf(vm, host);
    const overlapping = overlapFinder(reservations, ({ region }) => region);
    // Made at the first finding: most manifests have none.
    let findPlace: ((index: number) => bigint | undefined) | undefined;
    let sought = 0;
    return mappingsOf(context).flatMap(({ memory, iova, size }) => {
      const extent = { first: iova, last: lastOf(iova, size) };
      // Of what is empty or goes beyond 64 bits other laws speak.
      const hit = size > 0n && extent.last <= U64_MAX ? overlapping(extent) : [];
      if (hit.length === 0) return [];
      findPlace ??= placeFinder(vm, reservations, host);
      const free = sought++ < PLACES_SOUGHT ? findPlace(memory) : undefined;
      const place = free === undefined ? '' : ` It would fit as a whole at ${hex(free)}.`;
      const detail = `The mapping ${rangeText(extent)} of ${vm.name} lies on ${andList(hit.slice(0, 4).map(nameRegion))}. Split it around that, or move it.${place}`;
      const related = hit.slice(0, 16).map((reservation): Related => ({ message: describe(reservation) }));
      return [memoryOnReservedRegion({ detail, at: vm.memory[memory]?.iovaAt, related })];
    });
  },
};

const KINDS: ReadonlyMap<string, string> = new Map([
  ['msi', 'the MSI window'],
  ['direct', 'a 1:1 mapping of the firmware'],
  ['reserved', 'addresses that the platform reserves'],
]);

const nameRegion = ({ region }: Reservation): string => KINDS.get(region.type) ?? `a region of type ${region.type}`;

function describe(reservation: Reservation): string {
  const { region, groups } = reservation;
  const some = groups.slice(0, 6).join(', ');
  const of = `${groups.length > 1 ? 'groups' : 'group'} ${some}${groups.length > 6 ? ', …' : ''}`;
  return `${rangeText(region)} (${region.type}): ${nameRegion(reservation)}, in the reserved_regions of IOMMU ${of}`;
}
