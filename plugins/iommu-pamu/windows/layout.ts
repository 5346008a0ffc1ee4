import { bytes, iova, type Bytes, type Iova } from 'vfio-compose/plugin';

/** Memory that devices shall reach. */
export interface Region {
  readonly iova: Iova;
  readonly size: Bytes;
  /** Pieces of it that are one piece of physical memory: the size of its pages. */
  readonly contiguous: Bytes;
}

/** An aperture and how it is cut: what VFIO is told as geometry and number of windows. */
export interface Layout {
  readonly first: Iova;
  readonly size: Bytes;
  readonly windows: number;
}

/** One mapping: a window, or as much of it as there is memory. */
export interface WindowMapping {
  /** Which of the regions. */
  readonly region: number;
  /** From where in it, in bytes. */
  readonly offset: Bytes;
  readonly iova: Iova;
  readonly size: Bytes;
  /** Which window, from 0. */
  readonly window: number;
}

/** A window that an MSI bank is mapped into. */
export interface BankWindow {
  readonly bank: number;
  readonly window: number;
  readonly iova: Iova;
}

export const windowSize = ({ size, windows }: Layout): Bytes => bytes(size / BigInt(windows));

/** The last address of an aperture. */
export const lastOfLayout = ({ first, size }: Layout): Iova => iova(first + size - 1n);

export const endOf = ({ iova: first, size }: Region): bigint => first + size;

/** What is mapped into which window, from the bottom up (R-PAMU-2). The regions have to fit the layout. */
export function mappingsOf(layout: Layout, regions: readonly Region[]): readonly WindowMapping[] {
  const window = windowSize(layout);
  return regions
    .flatMap((region, index) => {
      const count = Number((region.size + window - 1n) / window);
      return Array.from({ length: count }, (_, n): WindowMapping => {
        const offset = BigInt(n) * window;
        const left = region.size - offset;
        const at = region.iova + offset;
        return {
          region: index,
          offset: bytes(offset),
          iova: iova(at),
          size: bytes(left < window ? left : window),
          window: Number((at - layout.first) / window),
        };
      });
    })
    .sort((a, b) => a.window - b.window);
}

/** Where MSI banks come: the last window first (R-PAMU-2). */
export function bankWindows(layout: Layout, banks: number): readonly BankWindow[] {
  const size = windowSize(layout);
  return Array.from({ length: banks }, (_, bank) => {
    const window = layout.windows - 1 - bank;
    return { bank, window, iova: iova(layout.first + BigInt(window) * size) };
  });
}
