import type { IommuGroup } from '../../../model/inventory.ts';

export interface Range {
  readonly first: bigint;
  readonly last: bigint;
}

/** Regions that VFIO keeps user space away from. The firmware's wish for `direct-relaxable` is not one. */
export const excluded = (group: IommuGroup): readonly Range[] =>
  group.reservedRegions.filter((region) => region.type !== 'direct-relaxable');

/** Cuts a range out of a sorted list of ranges. */
export function without(ranges: readonly Range[], hole: Range): readonly Range[] {
  if (!ranges.some((range) => range.first <= hole.last && hole.first <= range.last)) return ranges;
  return ranges.flatMap((range) => {
    if (hole.last < range.first || range.last < hole.first) return [range];
    const left = hole.first > range.first ? [{ first: range.first, last: hole.first - 1n }] : [];
    const right = hole.last < range.last ? [{ first: hole.last + 1n, last: range.last }] : [];
    return [...left, ...right];
  });
}

export const contains = (ranges: readonly Range[], first: bigint, last: bigint): boolean =>
  ranges.some((range) => range.first <= first && last <= range.last);
