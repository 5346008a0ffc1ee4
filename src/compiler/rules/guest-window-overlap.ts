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

/** The last shared peripheral interrupt of a GIC: INTID 1019, counted from 32. */
const LAST_INTERRUPT = 987n;
const LAST_ADDRESS = (1n << 64n) - 1n;

export const guestWindowOutside = defineDiagnostic({
  code: 'guest-window-outside',
  severity: 'error',
  category: 'manifest',
  summary: 'A device reaches beyond what a guest can have',
  explanation: `\`guest: {base}\` is where the guest sees the first region of a platform device, and the others follow: the last one must
end within 64 bits. \`guest: {interrupt}\` is the number of its first interrupt, and the others follow: the last one must
be at most ${LAST_INTERRUPT}, since the shared peripheral interrupts of a GIC are 0 to ${LAST_INTERRUPT} (interrupts 32 to 1019 of the architecture). Choose
a lower one, or leave the key out. How far the machine of your VMM really goes is not checked: QEMU's \`virt\` machine
has ${hex(PLATFORM_BUS.size)} bytes for such devices from ${hex(PLATFORM_BUS.base)}, and the interrupts ${PLATFORM_BUS.firstInterrupt} to ${PLATFORM_BUS.firstInterrupt + PLATFORM_BUS.interrupts - 1}.`,
});

const WHATS = ['addresses', 'interrupts'] as const;
type What = (typeof WHATS)[number];

interface Placed {
  readonly entry: ResolvedPlatformDevice;
  readonly needs: GuestNeeds;
}

/** What a manifest places in the guest must not overlap, begins a page, and ends where a guest does. */
export const guestWindowOverlapRule: Rule = {
  id: 'guest-window-overlap',
  reports: [guestWindowOverlap, guestBaseMisaligned, guestWindowOutside],
  check({ manifest, host }) {
    const { tree } = host;
    if (!tree) return [];
    const pageSize = BigInt(host.inventory.kernel.pageSize);
    return manifest.vms.flatMap((vm) => {
      const placed = placedIn(tree, vm, pageSize);
      return [
        ...misaligned(placed, pageSize),
        ...WHATS.flatMap((what) => [...outside(placed, what), ...overlaps(placed, what)]),
      ];
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

function outside(placed: readonly Placed[], what: What): Diagnostic[] {
  const limit = what === 'addresses' ? LAST_ADDRESS : LAST_INTERRUPT;
  return placed.flatMap((one) => {
    const run = runOf(one, what);
    if (!run || run.last <= limit) return [];
    const { name, guest } = one.entry;
    const detail = `In the guest ${name} is to have the ${what} ${written(run, what)}, and the last there can be is ${what === 'addresses' ? hex(limit) : limit}. Choose a lower first one, or leave the choice to the layout.`;
    return [guestWindowOutside({ detail, at: guest.at })];
  });
}

/** The first and the last of what an entry takes; null where the manifest does not place it, or it needs none. */
function runOf({ entry, needs }: Placed, what: What): { first: bigint; last: bigint } | null {
  const start = what === 'addresses' ? entry.guest.base : entry.guest.interrupt;
  const size = what === 'addresses' ? needs.size : BigInt(needs.interrupts);
  return start === null || size === 0n ? null : { first: BigInt(start), last: BigInt(start) + size - 1n };
}

function overlaps(placed: readonly Placed[], what: What): Diagnostic[] {
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

const written = ({ first, last }: { readonly first: bigint; readonly last: bigint }, what: What): string =>
  what === 'addresses' ? `${hex(first)}-${hex(last)}` : first === last ? `${first}` : `${first} to ${last}`;

function overlap(a: Run, b: Run, what: What): Diagnostic {
  const [first, second] = a.index < b.index ? [a, b] : [b, a];
  const detail = `In the guest ${second.entry.name} is to have the ${what} ${written(second, what)}, and ${first.entry.name} ${written(first, what)}. Move one of them, or leave the choice to the layout.`;
  return guestWindowOverlap({
    detail,
    at: second.entry.guest.at,
    related: [{ message: 'the other one', at: first.entry.guest.at }],
  });
}
