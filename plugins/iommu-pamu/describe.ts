import type { HostDevice, HostIndex } from 'vfio-compose/plugin';
import { liodnInWords, sourceOf } from './liodn.ts';

/** The LIODNs of a device, and the PAMU that its transactions meet. */
export function describe(device: HostDevice, host: HostIndex): readonly string[] {
  const source = sourceOf(device, host);
  if (!source?.liodn) return [];
  const { liodn, controller } = source;
  const ids = liodn.ids.map(liodnInWords).join(', ');
  const whose = controller === null ? '' : `, of the PCI controller ${controller}, shared by all functions below`;
  return [
    liodn.ids.length > 0
      ? `LIODN ${ids}${whose}`
      : `no LIODN yet: the boot loader writes "fsl,liodn" into ${source.node.path}`,
    ...(liodn.pamu ? [`behind ${liodn.pamu.path}`] : []),
  ];
}
