import * as uapi from '../../runtime/uapi/index.ts';
import { act, containerFd, fdOf, NOT_ASKED, type Act } from './act.ts';
import { pick, type Random } from './random.ts';

const PAGE = 0x1000n;
const AREA_PAGES = 16n;
const HOLE_PAGES = 2n;

/** How much of the area stays mapped, in bytes. */
export const AREA_BYTES = AREA_PAGES * PAGE;

/** Addresses at the edges of what IOMMUs can do: odd, the MSI windows of x86 and arm, the ends of the number space. */
const STRANGE = [0x800n, 0xfee0_0000n, 0xfedf_f000n, 0x800_0000n, 1n << 60n, 0xffff_ffff_ffff_f000n];

/** Memory `m`, with a hole behind it: what runs over the end must not find the process's other memory. */
export const getsMemory: Act = act('mmap', 'm', ({ kernel, memory }) => {
  const base = kernel.mmap({ length: AREA_BYTES + HOLE_PAGES * PAGE, hugePageSize: null, fd: null });
  kernel.munmap(base + AREA_BYTES, HOLE_PAGES * PAGE);
  memory.set('m', base);
});

/** MAP_DMA or UNMAP_DMA with any numbers, most of them good. */
export function mappingAct(random: Random): Act {
  const container = containerFd(random(4) === 0 ? 1 : 0);
  const pages = (below: number) => BigInt(random(below)) * PAGE;
  const iova = random(8) === 0 ? pick(random, STRANGE) : pages(24);
  const size = random(12) === 0 ? pick(random, [0n, 0x10n, 1n << 63n]) : PAGE + pages(4);
  return random(3) === 0 ? unmaps(random, container, { iova, size }) : maps(random, container, { iova, size });
}

interface Range {
  readonly iova: bigint;
  readonly size: bigint;
}

const show = ({ iova, size }: Range): string => `0x${iova.toString(16)} 0x${size.toString(16)}`;

function maps(random: Random, container: string, range: Range): Act {
  const from = random(10) === 0 ? AREA_BYTES - PAGE : BigInt(random(12)) * PAGE;
  const flags = random(10) === 0 ? random(9) : 1 + random(3);
  return act('MAP_DMA', `${container} m+0x${from.toString(16)} ${show(range)} flags ${flags}`, (s) => {
    const base = s.memory.get('m');
    if (base === undefined) return NOT_ASKED;
    const { architecture } = s.kernel;
    const argument = uapi.DMA_MAP.encode(uapi.abiOf(architecture), { argsz: 32, flags, vaddr: base + from, ...range });
    s.kernel.ioctl(fdOf(s, container), uapi.IOMMU_MAP_DMA.request(architecture), argument);
    return undefined;
  });
}

function unmaps(random: Random, container: string, range: Range): Act {
  const flags = random(8) === 0 ? random(4) : 0;
  const all = flags === uapi.DMA_UNMAP_FLAG.all && random(2) === 0;
  const asked = all ? { iova: 0n, size: 0n } : range;
  return act('UNMAP_DMA', `${container} ${show(asked)} flags ${flags}`, (s) => {
    const { architecture } = s.kernel;
    const abi = uapi.abiOf(architecture);
    const argument = uapi.DMA_UNMAP.encode(abi, { argsz: 24, flags, ...asked });
    s.kernel.ioctl(fdOf(s, container), uapi.IOMMU_UNMAP_DMA.request(architecture), argument);
    return uapi.DMA_UNMAP.read(abi, argument).size;
  });
}
