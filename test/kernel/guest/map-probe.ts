import { mapAnonymous, unmapMemory } from './libc.ts';
import * as vfio from './vfio.ts';

const PAGE = 4096;

/**
 * What the kernel answers to a mapping of one page at each address: `EEXIST` where something is mapped, `EINVAL` where nothing
 * may be, nothing where it mapped. What it mapped is taken back at once.
 */
export function mapAnswers(container: number, iovas: readonly bigint[]): readonly (string | undefined)[] {
  const page = mapAnonymous(PAGE);
  try {
    return iovas.map((iova) => {
      const { errno } = vfio.mapDma(container, page, iova, BigInt(PAGE));
      if (errno === undefined) vfio.succeed('UNMAP_DMA', vfio.unmapDma(container, iova, BigInt(PAGE)));
      return errno;
    });
  } finally {
    unmapMemory(page, PAGE);
  }
}

/** The last page before a window, its first, its last, and the first behind it. */
export const pagesAround = ({ start, end }: { readonly start: bigint; readonly end: bigint }): readonly bigint[] => [
  start - BigInt(PAGE),
  start,
  end + 1n - BigInt(PAGE),
  end + 1n,
];
