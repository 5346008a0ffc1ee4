import * as uapi from '../../runtime/uapi/index.ts';
import { act, containerFd, fdOf, NOT_ASKED, type Act } from './act.ts';
import { pick, type Random } from './random.ts';

const PAGE = 0x1000n;
const AREA_PAGES = 16n;
const HOLE_PAGES = 2n;

/** How much of the area stays mapped, in bytes. */
export const AREA_BYTES = AREA_PAGES * PAGE;

/** Addresses at the edges of what IOMMUs can do: odd, the MSI windows of x86 and arm, the ends of the number space. */
const STRANGE = [
  ...[0x800n, 0x1n, 0xfee0_0000n, 0xfedf_f000n, 0xfef0_0000n, 0x800_0000n, 0x7ff_f000n, 0x810_0000n],
  ...[1n << 39n, (1n << 48n) - PAGE, 1n << 48n, 1n << 60n, 1n << 63n, 0xffff_ffff_ffff_f000n, 0xffff_ffff_ffff_ffffn],
];
/** Sizes that are none, no whole pages, or more than there can be. */
const ODD_SIZES = [0n, 0x10n, 0x1001n, 1n << 48n, 1n << 63n, 0xffff_ffff_ffff_f000n, 0xffff_ffff_ffff_ffffn];

/** Memory `m`, with a hole behind it: what runs over the end must not find the process's other memory. */
export const getsMemory: Act = act('mmap', 'm', ({ kernel, memory }) => {
  const base = kernel.mmap({ length: AREA_BYTES + HOLE_PAGES * PAGE, hugePageSize: null, fd: null });
  kernel.munmap(base + AREA_BYTES, HOLE_PAGES * PAGE);
  memory.set('m', base);
});

/**
 * MAP_DMA or UNMAP_DMA with any numbers, most of them good. `addresses` is whether addresses are taken from mappings and
 * given to them again: a kernel whose container waits for an address lets no other group into it, and waits for ever.
 */
export function mappingAct(random: Random, addresses: boolean): Act {
  const container = containerFd(random(4) === 0 ? 1 : 0);
  const pages = (below: number) => BigInt(random(below)) * PAGE;
  const iova = random(6) === 0 ? pick(random, STRANGE) : pages(24);
  const size = random(10) === 0 ? pick(random, ODD_SIZES) : PAGE + pages(4);
  return random(3) === 0
    ? unmaps(random, container, { iova, size }, addresses)
    : maps(random, container, { iova, size });
}

interface Range {
  readonly iova: bigint;
  readonly size: bigint;
}

const show = ({ iova, size }: Range): string => `0x${iova.toString(16)} 0x${size.toString(16)}`;

/** Now and then a length of the struct that is too short, or longer than the kernel knows. */
const argszFor = (random: Random, size: number): number =>
  random(14) === 0 ? pick(random, [0, size - 8, size - 1, size + 1, size + 32]) : size;
/** Behind the struct, so that no `argsz` lets the kernel read what is not ours. In bytes. */
const BEHIND = 64;

/**
 * Before 6.18 a mapping of the last page spoils the kernel's search: whether others are found depends on the order in which
 * they were made. So none ends there.
 */
const belowTheEnd = ({ iova, size }: Range): Range => ({
  iova: iova + size === 1n << 64n ? iova - PAGE : iova,
  size,
});

function maps(random: Random, container: string, wanted: Range): Act {
  const range = belowTheEnd(wanted);
  const whole = random(10) === 0 ? AREA_BYTES - PAGE : BigInt(random(12)) * PAGE;
  const from = whole + (random(16) === 0 ? pick(random, [0x1n, 0x10n, 0x800n]) : 0n);
  const flags = random(10) === 0 ? random(17) : 1 + random(3);
  const argsz = argszFor(random, uapi.DMA_MAP.size);
  const about = `${container} m+0x${from.toString(16)} ${show(range)} flags ${flags} argsz ${argsz}`;
  return act('MAP_DMA', about, (s) => {
    const base = s.memory.get('m');
    if (base === undefined) return NOT_ASKED;
    const { architecture } = s.kernel;
    const abi = uapi.abiOf(architecture);
    const argument = uapi.DMA_MAP.encode(abi, { argsz, flags, vaddr: base + from, ...range }, BEHIND);
    s.kernel.ioctl(fdOf(s, container), uapi.IOMMU_MAP_DMA.request(architecture), argument);
    return undefined;
  });
}

function unmaps(random: Random, container: string, range: Range, addresses: boolean): Act {
  const { all: every, vaddr, getDirtyBitmap } = uapi.DMA_UNMAP_FLAG;
  const known = [0, getDirtyBitmap, every, every | getDirtyBitmap, 8, ...(addresses ? [vaddr, every | vaddr] : [])];
  const flags = random(6) === 0 ? pick(random, known) : 0;
  const all = (flags & every) !== 0 && random(3) > 0;
  const asked = all ? { iova: 0n, size: 0n } : range;
  const argsz = argszFor(random, uapi.DMA_UNMAP.size);
  return act('UNMAP_DMA', `${container} ${show(asked)} flags ${flags} argsz ${argsz}`, (s) => {
    const { architecture } = s.kernel;
    const abi = uapi.abiOf(architecture);
    const argument = uapi.DMA_UNMAP.encode(abi, { argsz, flags, ...asked }, BEHIND);
    s.kernel.ioctl(fdOf(s, container), uapi.IOMMU_UNMAP_DMA.request(architecture), argument);
    return uapi.DMA_UNMAP.read(abi, argument).size;
  });
}
