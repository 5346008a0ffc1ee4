import type { HostInventory } from '../../model/index.ts';

const same = (a: unknown, b: unknown): boolean => text(a) === text(b);
const text = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? `${inner}n` : inner)) ?? '';

/** Takes from `theirs`, except what changed, came or went between `base` and `mine`. */
function mergeByKey<T>(
  base: readonly T[],
  mine: readonly T[],
  theirs: readonly T[],
  key: (item: T) => string | number,
): T[] {
  const before = new Map(base.map((item) => [key(item), item]));
  const changed = new Map(mine.filter((item) => !same(before.get(key(item)), item)).map((item) => [key(item), item]));
  const stays = new Set(mine.map(key));
  const known = new Set(theirs.map(key));
  const kept = theirs.filter((item) => stays.has(key(item)) || !before.has(key(item)));
  const made = [...changed].filter(([name]) => !known.has(name) && !before.has(name)).map(([, item]) => item);
  return [...kept.map((item) => changed.get(key(item)) ?? item), ...made];
}

/** How many huge pages of a size `mine` has more than `base`. */
function added(size: bigint, base: HostInventory, mine: HostInventory): number {
  const total = ({ hugePages }: HostInventory) => hugePages.find((pool) => pool.size === size)?.total ?? 0;
  return total(mine) - total(base);
}

/**
 * What a simulated host is after two processes have each changed their own part of it, from the state that one of them
 * started with, what it made of that, and what the other has made meanwhile. Two projects never have the same device.
 */
export function mergeInventories(base: HostInventory, mine: HostInventory, theirs: HostInventory): HostInventory {
  const modules = { ...theirs.modules };
  for (const [name, module] of Object.entries(mine.modules)) {
    if (!same(base.modules[name], module)) modules[name] = module;
  }
  return {
    ...theirs,
    vfio: mine.vfio.container ? mine.vfio : theirs.vfio,
    modules,
    hugePages: theirs.hugePages.map((pool) => ({ ...pool, total: pool.total + added(pool.size, base, mine) })),
    groups: mergeByKey(base.groups, mine.groups, theirs.groups, (group) => group.id),
    devices: mergeByKey(base.devices, mine.devices, theirs.devices, (device) => device.address),
  };
}
