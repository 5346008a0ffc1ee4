import { guestDevicesOf } from '../../devicetree/guest/assigned.ts';
import { PLATFORM_BUS } from '../../devicetree/guest/layout.ts';
import { guestNeeds, type GuestNeeds, guestUnits } from '../../devicetree/guest/needs.ts';
import {
  defineDiagnostic,
  type Diagnostic,
  type DeviceTree,
  hex,
  type ResolvedPlatformDevice,
  type ResolvedVm,
} from '../../model/index.ts';
import type { Rule } from './rule.ts';

export const guestWindowOverlap = defineDiagnostic({
  code: 'guest-window-overlap',
  severity: 'error',
  category: 'manifest',
  summary: 'Two devices are to have the same addresses or interrupts in the guest',
  explanation: `\`guest: {base}\` is where the guest sees the first region of a platform device, and the others follow, each on pages
of its own; \`guest: {interrupt}\` is the number of its first interrupt, and the others follow. Two devices of a VM cannot
share an address or a number. Move one of them, or leave both keys out: \`plan -o dts\` then takes the next free ones of
the platform bus of QEMU's \`virt\` machine (from ${hex(PLATFORM_BUS.base)}, and from ${PLATFORM_BUS.firstInterrupt}).`,
});

export const guestBaseMisaligned = defineDiagnostic({
  code: 'guest-base-misaligned',
  severity: 'error',
  category: 'manifest',
  summary: 'A device is to begin inside a page of the guest',
  explanation: `The hypervisor maps a device's registers into the guest by whole pages of the host, so \`guest: {base}\` must begin one.
Round it to a multiple of the page size (\`getconf PAGESIZE\` on the host).`,
});

interface Placed {
  readonly entry: ResolvedPlatformDevice;
  readonly needs: GuestNeeds;
}

/** What a manifest places in the guest must not overlap, and begins a page. */
export const guestWindowOverlapRule: Rule = {
  id: 'guest-window-overlap',
  reports: [guestWindowOverlap, guestBaseMisaligned],
  check({ manifest, host }) {
    const { tree } = host;
    if (!tree) return [];
    const pageSize = BigInt(host.inventory.kernel.pageSize);
    return manifest.vms.flatMap((vm) => {
      const placed = placedIn(tree, vm, pageSize);
      return [...misaligned(placed, pageSize), ...overlaps(placed, 'addresses'), ...overlaps(placed, 'interrupts')];
    });
  },
};

function placedIn(tree: DeviceTree, vm: ResolvedVm, pageSize: bigint): Placed[] {
  const entries = guestDevicesOf(tree, vm);
  return guestUnits(tree, [...entries.keys()]).flatMap((unit) => {
    const entry = entries.get(unit.device);
    return entry ? [{ entry, needs: guestNeeds(tree, unit, pageSize) }] : [];
  });
}

function misaligned(placed: readonly Placed[], pageSize: bigint): Diagnostic[] {
  return placed.flatMap(({ entry }) => {
    const { base, at } = entry.guest;
    if (base === null || base % pageSize === 0n) return [];
    const detail = `${entry.name} is to begin at ${hex(base)} in the guest; the pages of this host have ${hex(pageSize)} bytes. Take ${hex(base - (base % pageSize))} or ${hex(base - (base % pageSize) + pageSize)}.`;
    return [guestBaseMisaligned({ detail, at })];
  });
}

/** The first and the last of what an entry takes; null where the manifest does not place it, or it needs none. */
function runOf({ entry, needs }: Placed, what: 'addresses' | 'interrupts'): { first: bigint; last: bigint } | null {
  const start = what === 'addresses' ? entry.guest.base : entry.guest.interrupt;
  const size = what === 'addresses' ? needs.size : BigInt(needs.interrupts);
  return start === null || size === 0n ? null : { first: BigInt(start), last: BigInt(start) + size - 1n };
}

function overlaps(placed: readonly Placed[], what: 'addresses' | 'interrupts'): Diagnostic[] {
  const runs = placed.flatMap((one, index) => {
    const run = runOf(one, what);
    return run ? [{ ...run, entry: one.entry, index }] : [];
  });
  // By their beginning: what overlaps anything overlaps the one before it that reaches furthest.
  runs.sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : a.index - b.index));
  const found: Diagnostic[] = [];
  let furthest = runs[0];
  for (const run of runs.slice(1)) {
    if (furthest && run.first <= furthest.last) found.push(overlap(furthest, run, what));
    if (!furthest || run.last > furthest.last) furthest = run;
  }
  return found;
}

type Run = {
  readonly first: bigint;
  readonly last: bigint;
  readonly entry: ResolvedPlatformDevice;
  readonly index: number;
};

function overlap(a: Run, b: Run, what: 'addresses' | 'interrupts'): Diagnostic {
  const [first, second] = a.index < b.index ? [a, b] : [b, a];
  const write = ({ first: from, last }: Run): string =>
    what === 'addresses' ? `${hex(from)}-${hex(last)}` : from === last ? `${from}` : `${from} to ${last}`;
  const detail = `In the guest ${second.entry.name} is to have the ${what} ${write(second)}, and ${first.entry.name} ${write(first)}. Move one of them, or leave the choice to the layout.`;
  return guestWindowOverlap({
    detail,
    at: second.entry.guest.at,
    related: [{ message: 'the other one', at: first.entry.guest.at }],
  });
}
