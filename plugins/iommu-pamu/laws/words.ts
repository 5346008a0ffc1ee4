import { formatBytes, hex, type ResolvedVm } from 'vfio-compose/plugin';
import { type Layout, windowSize } from '../windows/layout.ts';

export const plural = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;

/** `8 windows of 512 MiB, an aperture of 4 GiB at 0x0`. */
export const layoutInWords = (layout: Layout): string =>
  `${plural(layout.windows, 'window')} of ${formatBytes(windowSize(layout))}, an aperture of ${formatBytes(layout.size)} at ${hex(layout.first)}`;

/** `2 GiB and 3 MSI banks`: what a VM has to get into windows. */
export function demandInWords({ memory, msi }: ResolvedVm): string {
  const size = formatBytes(memory.reduce((sum, entry) => sum + entry.size, 0n));
  return msi.banks === 0 ? size : `${size} and ${plural(msi.banks, 'MSI bank')}`;
}

/** `512 MiB at 0x20000000`. */
export const memoryInWords = ({ iova, size }: Pick<ResolvedVm['memory'][number], 'iova' | 'size'>): string =>
  `${formatBytes(size)} at ${hex(iova)}`;
