import { stringsOf } from '../cells.ts';
import type { GuestContext } from './context.ts';
import { contains, extentOf, regionsOf } from './needs.ts';
import { cells, property, remark, strings, wide, type GuestLine } from './node.ts';
import { linuxRegions, regRegions } from '../regions.ts';

/** Where the guest sees the regions of the unit's own device, in the order of VFIO's indices. */
export function guestAddresses({ tree, unit }: GuestContext): { address: bigint; size: bigint; name: string | null }[] {
  return regionsOf(tree, unit.device).flatMap((region) => {
    const extent = extentOf(region);
    const window = extent && unit.windows.find((one) => contains(one, extent));
    if (!extent || !window) return [];
    return [{ address: window.guest + (extent.start - window.start), size: region.size, name: region.name }];
  });
}

/** `reg` and `reg-names` of the unit's node: two cells for an address, two for a size. */
export function guestRegisters(context: GuestContext, name: 'reg' | 'reg-names'): GuestLine[] {
  const { tree, unit } = context;
  const { node } = unit.device;
  const regions = guestAddresses(context);
  if (name === 'reg-names') {
    const all = stringsOf(node, name);
    const kept = regions.map((region) => region.name ?? '');
    return kept.length > 0 && all.length > 0 ? [property(name, strings(kept))] : [];
  }
  const missing = regRegions(tree, node).length - regions.length;
  const unreached = linuxRegions(tree, node).length < regRegions(tree, node).length;
  const why = unreached ? 'the CPU does not reach them' : 'VFIO gives memory only, and of AMBA devices the first';
  return [
    ...(regions.length > 0
      ? [property(name, cells(...regions.flatMap(({ address, size }) => wide(address, size))))]
      : []),
    ...(missing > 0 ? [remark(`reg: ${missing} left out, ${why}`)] : []),
  ];
}
