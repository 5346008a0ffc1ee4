import {
  apertures,
  bytes,
  type DomainContext,
  type DomainMapping,
  entryMappings,
  type Extent,
  extentOf,
  hex,
  iova,
  rangesOverlap,
  rangeText,
  reservationsOf,
  type ResolvedMemory,
  U64_MAX,
} from 'vfio-compose/plugin';
import { smmuOptions } from './options.ts';

/** What the option `msiWindow` did to an entry of memory. */
export interface WindowEffect {
  /** Position in the VM's memory. */
  readonly memory: number;
  /** The window, in whole pages of the host. */
  readonly window: Extent;
  readonly kind:
    | 'hole'
    | 'moved'
    /** It could not be moved, and stays where the manifest has it. */
    | 'stuck';
  /** Of what is moved, or would be: where it goes. Of a hole: the window. */
  readonly to: Extent;
  /** Why it is stuck. */
  readonly reason?: string;
}

/** What is mapped, and what became of entries on the window. */
export interface Layout {
  readonly mappings: readonly DomainMapping[];
  readonly effects: readonly WindowEffect[];
}

/**
 * The window of MSI doorbells of a VM's groups, in whole pages of the host; null where no group shows one. The drivers of
 * both SMMUs put it to one place, 0x8000000 with 1 MiB (MSI_IOVA_BASE and MSI_IOVA_LENGTH in arm-smmu.c and
 * arm-smmu-v3.h), so there is one.
 */
export function msiWindow({ vm, host }: DomainContext): Extent | null {
  const page = BigInt(host.inventory.kernel.pageSize);
  const found = reservationsOf(vm, host).find(({ region }) => region.type === 'msi');
  if (!found) return null;
  const { first, last } = found.region;
  return { first: first - (first % page), last: last - (last % page) + page - 1n };
}

/** The mappings of a VM under the option `msiWindow`, each entry of the manifest for itself. */
export function layoutOf(context: DomainContext): Layout {
  const { vm, options } = context;
  const { msiWindow: policy } = smmuOptions(options);
  const window = policy === 'refuse' ? null : msiWindow(context);
  const whole = entryMappings(vm);
  if (!window) return { mappings: whole, effects: [] };
  const effects: WindowEffect[] = [];
  const mappings = vm.memory.flatMap((memory, index): readonly DomainMapping[] => {
    const extent = extentOf(memory);
    const asWritten = whole.slice(index, index + 1);
    if (!extent || !rangesOverlap(extent, window)) return asWritten;
    const { mappings: placed, effect } =
      policy === 'hole' ? aroundWindow(index, memory, window) : behindWindow(context, index, memory, window, effects);
    if (effect) effects.push(effect);
    return placed ?? asWritten;
  });
  return { mappings, effects };
}

/** What of an entry comes before the window, at its place. */
function before(memory: number, entry: ResolvedMemory, window: Extent, remark: string): DomainMapping[] {
  const size = window.first - entry.iova;
  return size > 0n ? [{ memory, offset: bytes(0n), iova: entry.iova, size: bytes(size), remark }] : [];
}

/** What an entry on the window comes to; without mappings it stays as it is, to be refused. */
interface Placed {
  readonly mappings?: readonly DomainMapping[];
  readonly effect?: WindowEffect;
}

/** Leaves out what lies on the window; what comes behind stays at its address. */
function aroundWindow(memory: number, entry: ResolvedMemory, window: Extent): Placed {
  const behind = window.last + 1n;
  const rest = entry.iova + entry.size - behind;
  const name = `the MSI window ${rangeText(window)}`;
  const mappings = before(memory, entry, window, `up to ${name}, which stays unmapped`);
  if (rest > 0n) {
    const offset = bytes(behind - entry.iova);
    mappings.push({ memory, offset, iova: iova(behind), size: bytes(rest), remark: `goes on behind ${name}` });
  }
  return mappings.length === 0 ? {} : { mappings, effect: { memory, window, kind: 'hole', to: window } };
}

/** Moves what lies on the window, and what follows it in the entry, to the end of the window: no memory is lost. */
function behindWindow(
  context: DomainContext,
  memory: number,
  entry: ResolvedMemory,
  window: Extent,
  others: readonly WindowEffect[],
): Placed {
  const from = entry.iova > window.first ? entry.iova : window.first;
  const size = entry.iova + entry.size - from;
  const to = { first: window.last + 1n, last: window.last + size };
  const reason = whatIsInTheWay(context, memory, to, others);
  if (reason !== null) return { effect: { memory, window, kind: 'stuck', to, reason } };
  const name = `the MSI window ${rangeText(window)}`;
  const remark = `moved from ${hex(from)}, behind ${name}`;
  const moved = { memory, offset: bytes(from - entry.iova), iova: iova(to.first), size: bytes(size), remark };
  return {
    mappings: [...before(memory, entry, window, `up to ${name}; the rest is behind it`), moved],
    effect: { memory, window, kind: 'moved', to },
  };
}

/** Why memory cannot be moved to a place; null where it can. */
function whatIsInTheWay(
  { vm, host }: DomainContext,
  memory: number,
  to: Extent,
  others: readonly WindowEffect[],
): string | null {
  const limit = apertures(host)?.narrowest.last ?? U64_MAX;
  if (to.last > limit) return `the IOMMU translates addresses up to ${hex(limit)}`;
  const region = reservationsOf(vm, host).find((reservation) => rangesOverlap(reservation.region, to));
  if (region) return `${rangeText(region.region)} is reserved (${region.region.type})`;
  const moved = others.find((other) => other.kind === 'moved' && rangesOverlap(other.to, to));
  if (moved) return `memory ${moved.memory} was moved to ${rangeText(moved.to)}`;
  for (const [index, other] of vm.memory.entries()) {
    const extent = index === memory ? undefined : extentOf(other);
    if (extent && rangesOverlap(extent, to)) return `memory ${index} has ${rangeText(extent)}`;
  }
  return null;
}
