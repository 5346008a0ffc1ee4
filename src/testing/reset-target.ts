import { bytes, indexHost, type ResetTarget } from '../model/index.ts';
import { host } from './host.ts';
import { soc } from './soc.ts';

/** A platform device with regions of these sizes in bytes, as the hooks of a reset plugin are given it; null for an unknown size. */
export function platformTarget(compatible: string, ...sizes: readonly (number | null)[]): ResetTarget {
  const reg = [0x4_0000, sizes[0] ?? 0x1000];
  const machine = host()
    .tree(soc({ 'device@40000': { compatible, reg } }))
    .platform('40000.device', { treePath: '/soc/device@40000' });
  const index = indexHost(machine.build());
  const device = index.byAddress.get('40000.device');
  if (!device) throw new Error('the host of the test has no device');
  return {
    device,
    node: index.tree?.byPath.get('/soc/device@40000') ?? null,
    compatible: [compatible],
    regions: sizes.map((size, region) => ({ index: region, size: size === null ? null : bytes(size), name: null })),
    kernelHandler: null,
    pci: null,
    host: index,
  };
}
