import type { Coherency, DmaCoherence, InterruptRow, Liodn, MsiIsolation, Streams } from '../../devicetree/index.ts';
import { hex, unreachable } from '../../model/index.ts';
import type { TreeReport } from './report.ts';

const hexNumber = (value: number): string => `0x${value.toString(16)}`;

/** The streams of a device, one in a string: its IOMMU and the ids there. */
export function streamWords({ streams, broken }: Streams): string[] {
  return [
    ...streams.map(({ iommu, ids, mask }) => {
      // Where there is a mask, a second cell of the specifier is that.
      const list = (mask === null ? ids : ids.slice(0, 1)).map(hexNumber).join(' ');
      return `${list === '' ? 'all' : list} of ${iommu.path}${mask === null ? '' : `, mask ${hexNumber(mask)}`}`;
    }),
    ...(broken === null ? [] : [`iommus cannot be read: ${broken}`]),
  ];
}

/** What a QorIQ device says about its PAMU. */
export function liodnWords({ ids, pamu, register }: Liodn): string {
  return [
    ids.length > 0 ? ids.join(' ') : 'set by the boot loader',
    ...(pamu ? [`through ${pamu.path}`] : []),
    ...(register ? [`register ${hexNumber(register.offset)} of ${register.node.path}`] : []),
  ].join(', ');
}

/** Whether VFIO takes the device for coherent. */
export function coherencyWords(verdict: Coherency, dma: DmaCoherence, liodn: Liodn | null): string {
  switch (verdict.kind) {
    case 'coherent':
      return `yes: ${verdict.reason}`;
    case 'not-coherent':
      return `no: ${verdict.reason}; VFIO refuses the device (EINVAL)`;
    case 'unknown':
      return `not known: ${verdict.reason}`;
    case 'no-iommu': {
      const who = dma.saidBy === null ? 'as the architecture has it' : dma.saidBy.path;
      if (liodn?.pamu) return `yes: ${liodn.pamu.path} always is`;
      return `its DMA is${dma.coherent ? '' : ' not'} (${who}); its node has no "iommus"`;
    }
    default:
      return unreachable(verdict);
  }
}

/** Whether the device could forge the interrupts of others. */
export function isolationWords(verdict: MsiIsolation): string {
  switch (verdict.kind) {
    case 'yes':
      return `yes, by ${verdict.controller.path}`;
    case 'no':
      return `no: ${verdict.reason}`;
    case 'unknown':
      return `not known: ${verdict.reason}`;
    default:
      return unreachable(verdict);
  }
}

export const resetWords = ({ resetHandler }: TreeReport, isAmba: boolean): string =>
  resetHandler ?? (isAmba ? 'no handler of the kernel; AMBA needs none' : 'no handler of the kernel');

/** Straight to the controller, or through which entry of which map. */
export const routeWords = ({ route }: InterruptRow): string =>
  route.kind === 'direct' ? 'direct' : `interrupt-map of ${route.nexus} [${route.entry}]`;

export const addressWords = (value: bigint | null): string => (value === null ? '-' : hex(value));
