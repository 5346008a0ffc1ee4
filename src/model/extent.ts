import { type Extent, U64_MAX, lastOf } from './address.ts';
import type { HostIndex, IommuUnit } from './inventory.ts';
import type { ResolvedMemory, ResolvedVm } from './resolved.ts';

/** The range of an entry, unless it is empty or goes beyond 64 bits: other laws report those. */
export function extentOf(memory: ResolvedMemory): Extent | undefined {
  const last = lastOf(memory.iova, memory.size);
  return memory.size > 0n && last <= U64_MAX ? { first: memory.iova, last } : undefined;
}

/** What an IOMMU unit translates: the addresses up to `last`. */
export interface Aperture {
  readonly unit: IommuUnit;
  readonly bits: number;
  readonly last: bigint;
}

/** The narrowest and the widest of the units that show a width; undefined where none does. */
export function apertures(host: HostIndex): { readonly narrowest: Aperture; readonly widest: Aperture } | undefined {
  const known = host.inventory.iommu.units
    .flatMap((unit): Aperture[] => {
      const bits = unit.addressBits;
      return bits === null ? [] : [{ unit, bits, last: (1n << BigInt(bits)) - 1n }];
    })
    .sort((a, b) => a.bits - b.bits);
  const narrowest = known.at(0);
  const widest = known.at(-1);
  return narrowest && widest ? { narrowest, widest } : undefined;
}

/** The smallest piece that an entry can be mapped in: the larger of the CPU's page and its huge page, in bytes. */
export function granuleOf(memory: ResolvedMemory, host: HostIndex): bigint {
  const page = BigInt(host.inventory.kernel.pageSize);
  return memory.pageSize !== null && memory.pageSize > page ? memory.pageSize : page;
}

/** What a VM's entries add up to, in bytes. */
export const totalOf = (vm: ResolvedVm): bigint => vm.memory.reduce((sum, memory) => sum + memory.size, 0n);
